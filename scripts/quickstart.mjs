// `npm run quickstart`: from a fresh clone to storage in use, in a git-ignored folder of the example.
//   npm run quickstart -- --destroy    takes it down again
import { build } from "./lib/build.mjs";
import { createSteps, note, StepError, say } from "./lib/console.mjs";
import { installDependencies } from "./lib/dependencies.mjs";
import { ensureEngine } from "./lib/engine.mjs";
import { checkNode } from "./lib/node.mjs";
import { shown } from "./lib/paths.mjs";
import * as stack from "./quickstart/stack.mjs";
import { cleanUp, printSummary, useStorage } from "./quickstart/use.mjs";

const destroy = process.argv.includes("--destroy");

async function prepare(steps) {
  await steps.run("Node", checkNode);
  await steps.run("Dependencies", installDependencies);
  await steps.run("Build", build);
  let engine;
  await steps.run("Pulumi CLI", async () => {
    engine = await ensureEngine();
    return `Pulumi ${engine.version}, ${engine.source}`;
  });
  const context = stack.stackContext(engine);
  await steps.run(`Local stack in ${shown(context.local)}`, async () => {
    stack.linkExample();
    stack.makeFolders();
    const result = await stack.makeStack(context);
    stack.writeEnvironmentFile(context);
    return result;
  });
  return context;
}

try {
  const steps = createSteps(destroy ? 6 : 7);
  const context = await prepare(steps);
  if (destroy) {
    await steps.run("Destroy", () => cleanUp(context));
  } else {
    await steps.run("pulumi up", () => stack.up(context));
    await steps.run("Use it", () => useStorage(context));
    await printSummary(context);
  }
} catch (error) {
  note(error instanceof StepError ? error.message : (error.stack ?? error));
  say("\nThe quickstart stopped here. Once that is mended, run it again: it goes on where it stopped.");
  process.exitCode = 1;
}

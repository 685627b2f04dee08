// `npm run quickstart`: from a fresh clone to storage in use, in a git-ignored folder of the example.
//   npm run quickstart -- --destroy         takes it down again
//   npm run quickstart -- --backend ceph    the same on a Ceph cluster that it starts; with --destroy that ends, too
import { build } from "./lib/build.mjs";
import { createSteps, note, StepError, say } from "./lib/console.mjs";
import { installDependencies } from "./lib/dependencies.mjs";
import { ensureEngine } from "./lib/engine.mjs";
import { checkNode } from "./lib/node.mjs";
import { shown } from "./lib/paths.mjs";
import { cephPlace } from "./quickstart/cephPlace.mjs";
import { localPlace } from "./quickstart/localPlace.mjs";
import * as stack from "./quickstart/stack.mjs";
import { cleanUp, printSummary, useStorage } from "./quickstart/use.mjs";

const places = { ceph: cephPlace, local: localPlace };

function readArguments([...words]) {
  const destroy = words.includes("--destroy");
  const rest = words.filter((word) => word !== "--destroy");
  const type = rest[0] === "--backend" ? rest[1] : "local";
  if (!Object.hasOwn(places, type ?? "") || rest.length > 2 || rest.length === 1)
    throw new StepError(`npm run quickstart -- [--backend ${Object.keys(places).join("|")}] [--destroy]`);
  return { destroy, place: places[type](stack.folders) };
}

async function prepare(steps, place) {
  await steps.run("Node", checkNode);
  for (const [title, work] of place.checks) await steps.run(title, work);
  await steps.run("Dependencies", installDependencies);
  await steps.run("Build", build);
  let engine;
  await steps.run("Pulumi CLI", async () => {
    engine = await ensureEngine();
    return `Pulumi ${engine.version}, ${engine.source}`;
  });
  stack.makeFolders();
  for (const [title, work] of place.start) await steps.run(title, work);
  const context = stack.stackContext(engine, place);
  await steps.run(`Local stack in ${shown(context.local)}`, async () => {
    stack.linkExample();
    const result = await stack.makeStack(context);
    stack.writeEnvironmentFile(context);
    return result;
  });
  return context;
}

async function main() {
  const { destroy, place } = readArguments(process.argv.slice(2));
  if (destroy && !place.isThere()) {
    for (const [, work] of place.end) await work(); // of what a run that was killed has half-made
    return say("There is nothing to take down.");
  }
  if (!destroy) for (const line of place.intention) say(line);
  const ofPlace = [...place.checks, ...place.start, ...(destroy ? place.end : [])];
  const steps = createSteps((destroy ? 6 : 7) + ofPlace.length);
  const context = await prepare(steps, place);
  if (destroy) {
    await steps.run("Destroy", () => cleanUp(context));
    for (const [title, work] of place.end) await steps.run(title, work);
    return;
  }
  await steps.run("pulumi up", () => stack.up(context));
  await steps.run("Use it", () => useStorage(context));
  await printSummary(context);
}

try {
  await main();
} catch (error) {
  note(error instanceof StepError ? error.message : (error.stack ?? error));
  say("\nThe quickstart stopped here. Once that is mended, run it again: it goes on where it stopped.");
  process.exitCode = 1;
}

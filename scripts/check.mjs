// `npm run check`: what to run before every commit; under a minute, needs no Pulumi CLI. `npm test` runs everything.
import { runBiome } from "./lib/biome.mjs";
import { build } from "./lib/build.mjs";
import { countLine, createSteps, note, StepError, say } from "./lib/console.mjs";
import { installDependencies } from "./lib/dependencies.mjs";
import { addTotals, noTests, runJest } from "./lib/jest.mjs";
import { checkNode } from "./lib/node.mjs";
import { inRoot } from "./lib/paths.mjs";
import { run } from "./lib/run.mjs";
import { printSummary } from "./lib/summary.mjs";

const totals = noTests();

async function lint() {
  const problem = await runBiome();
  if (problem) throw new StepError(`${problem}\nFormatting is mended by: npx biome check --write .`);
  return "clean";
}

async function unitTests() {
  const env = { ...process.env, KRSTORAGE_TEST_ENGINE_BIN: "" };
  const found = addTotals(totals, await runJest({ projects: ["unit"], workers: 2, args: process.argv.slice(2), env }));
  if (found.passed + found.failed === 0) throw new StepError("no test ran");
  return `${found.files} files`;
}

async function generatedDocuments() {
  const result = await run(process.execPath, [inRoot("scripts", "generate.mjs"), "--check"]);
  if (result.code !== 0) throw new StepError(result.output.trim());
  return "up to date";
}

// A check that comes from generated files (schema, docs) is one more line here: a name and a function that throws a StepError.
// `needed` steps end the run when they fail; the others all run, so that one look shows everything.
const checks = [
  { name: "Node", work: checkNode, needed: true },
  { name: "Dependencies", work: installDependencies, needed: true },
  { name: "Format and lint", work: lint },
  { name: "Build", work: build, needed: true },
  { name: "Generated documents", work: generatedDocuments },
  { name: "Unit tests", work: unitTests },
];

const steps = createSteps(checks.length);
for (const { name, work, needed } of checks) {
  try {
    await steps.run(name, work);
  } catch (error) {
    note(error instanceof StepError ? error.message : (error.stack ?? error));
    addTotals(totals, { ...noTests(), failed: 1, failures: [name] });
    if (needed) break;
  }
}

printSummary(totals);
say(countLine(totals));
process.exitCode = totals.failed === 0 ? 0 : 1;

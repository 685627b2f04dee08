// `npm test`: gets what the tests need, then runs everything that this machine can run.
//   npm test -- identity    only tests whose file matches (Jest's own arguments work too)
//   npm test -- --install   also installs the Debian packages that some tests want, Ceph's among them (as root)
import { runBiome } from "./lib/biome.mjs";
import { build } from "./lib/build.mjs";
import { countLine, createSteps, note, StepError, say } from "./lib/console.mjs";
import { debianPackages, missingOfCeph } from "./lib/debian.mjs";
import { installDependencies } from "./lib/dependencies.mjs";
import { ensureEngine } from "./lib/engine.mjs";
import { ensureCodegen, ensurePythonEnvironment, ensurePythonHost, ensureYamlHost } from "./lib/enginePrograms.mjs";
import { addTotals, listTests, noTests, runJest } from "./lib/jest.mjs";
import { checkNode } from "./lib/node.mjs";
import { printSummary } from "./lib/summary.mjs";

const ci = process.env.CI === "true";
const args = process.argv.slice(2).filter((argument) => argument !== "--install");
const mayInstall = ci || process.argv.includes("--install");

/** Everything together ends within 90 minutes, also when a test hangs. */
const deadline = Date.now() + 85 * 60_000;

/**
 * One after the other, and how many files of each at once. Those of backends are the last: should time run out, it is they that are cut
 * short, and what the others have shown counts.
 */
const groups = [
  { project: "unit", workers: 2 },
  { project: "engine", workers: 2 },
  { project: "crash", workers: 1 },
  { project: "backends", workers: 2 },
];

const steps = createSteps(7);
const totals = noTests();

/** Where the engine tests find the CLI. Without one they are skipped on a user's machine; in CI that is a failure. */
async function engineForTests() {
  try {
    const engine = await ensureEngine();
    note(`Pulumi ${engine.version}, ${engine.source}`);
    return {
      ...engine.env,
      KRSTORAGE_TEST_ENGINE_BIN: engine.binDir,
      KRSTORAGE_TEST_YAML_BIN: (await ensureYamlHost(engine.binDir)) ?? "",
      KRSTORAGE_TEST_PYTHON_BIN: (await ensurePythonHost(engine.binDir)) ?? "",
      KRSTORAGE_TEST_PYTHON_ENVIRONMENT: (await ensurePythonEnvironment()) ?? "",
      KRSTORAGE_TEST_CODEGEN_BIN: (await ensureCodegen()) ?? "",
    };
  } catch (error) {
    if (ci || !(error instanceof StepError)) throw error;
    note(error.message);
    return { ...process.env, KRSTORAGE_TEST_ENGINE_BIN: "" };
  }
}

/** One group, with no more workers than it has files to run: each of those of backends has a cluster. */
async function runGroup({ project, workers }, env) {
  const files = await listTests({ projects: [project], args, env });
  if (files.length === 0) return noTests();
  return runJest({
    projects: [project],
    workers: Math.min(workers, files.length),
    args,
    env,
    limit: deadline - Date.now(),
  });
}

/** What a run that was told to install everything must not pass over in silence. */
function warnOfCeph() {
  const missing = missingOfCeph();
  if (!mayInstall || missing.length === 0) return;
  say("\n*** NOTHING WAS TESTED ON A REAL CEPH CLUSTER ***");
  say(
    `*** ${missing.join(", ")} could not be installed here (see "System packages" above): its tests are among those skipped.\n`,
  );
}

try {
  await steps.run("Node", checkNode);
  await steps.run("Dependencies", installDependencies);
  await steps.run("Build", build);
  await steps.run("System packages", () => debianPackages({ mayInstall }));
  const env = await steps.run("Pulumi CLI", engineForTests);
  await steps.run("Format and lint", async () => {
    const problem = await runBiome();
    if (!problem) return "clean";
    note(problem);
    addTotals(totals, { ...noTests(), failed: 1, failures: ["format and lint (npm run lint)"] });
    return "FAILED";
  });
  await steps.run("Tests", async () => {
    for (const group of groups) addTotals(totals, await runGroup(group, env));
    if (totals.passed + totals.failed === 0) addTotals(totals, { ...noTests(), failed: 1, failures: ["no test ran"] });
    return `${totals.files} files`;
  });
} catch (error) {
  note(error instanceof StepError ? error.message : (error.stack ?? error));
  addTotals(totals, { ...noTests(), failed: 1 });
}

printSummary(totals);
warnOfCeph();
say(countLine(totals));
process.exitCode = totals.failed === 0 ? 0 : 1;

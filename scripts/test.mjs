// `npm test`: gets what the tests need, then runs everything that this machine can run.
//   npm test -- identity    only tests whose file matches (Jest's own arguments work too)
//   npm test -- --install   also installs the Debian packages that some tests want (as root)
//   npm test -- --backends  also the tests that start a Ceph cluster (about 13 minutes more)
import { runBiome } from "./lib/biome.mjs";
import { build } from "./lib/build.mjs";
import { countLine, createSteps, note, StepError, say } from "./lib/console.mjs";
import { debianPackages } from "./lib/debian.mjs";
import { installDependencies } from "./lib/dependencies.mjs";
import { ensureEngine } from "./lib/engine.mjs";
import { ensureCodegen, ensurePythonEnvironment, ensurePythonHost, ensureYamlHost } from "./lib/enginePrograms.mjs";
import { addTotals, noTests, runJest } from "./lib/jest.mjs";
import { checkNode } from "./lib/node.mjs";
import { printSummary } from "./lib/summary.mjs";

const ci = process.env.CI === "true";
const args = process.argv.slice(2).filter((argument) => !["--install", "--backends"].includes(argument));
const mayInstall = ci || process.argv.includes("--install");
const backends = process.argv.includes("--backends");

/** Everything together ends within 90 minutes, also when a test hangs. */
const deadline = Date.now() + 85 * 60_000;

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

try {
  await steps.run("Node", checkNode);
  await steps.run("Dependencies", installDependencies);
  await steps.run("Build", build);
  await steps.run("System packages", () => debianPackages({ mayInstall, backends }));
  const env = await steps.run("Pulumi CLI", engineForTests);
  await steps.run("Format and lint", async () => {
    const problem = await runBiome();
    if (!problem) return "clean";
    note(problem);
    addTotals(totals, { ...noTests(), failed: 1, failures: ["format and lint (npm run lint)"] });
    return "FAILED";
  });
  await steps.run("Tests", async () => {
    addTotals(totals, await runJest({ projects: ["unit"], workers: 2, args, env, limit: deadline - Date.now() }));
    addTotals(totals, await runJest({ projects: ["engine"], workers: 2, args, env, limit: deadline - Date.now() }));
    if (backends)
      addTotals(totals, await runJest({ projects: ["backends"], workers: 1, args, env, limit: deadline - Date.now() }));
    addTotals(totals, await runJest({ projects: ["crash"], workers: 1, args, env, limit: deadline - Date.now() }));
    if (totals.passed + totals.failed === 0) addTotals(totals, { ...noTests(), failed: 1, failures: ["no test ran"] });
    return `${totals.files} files`;
  });
} catch (error) {
  note(error instanceof StepError ? error.message : (error.stack ?? error));
  addTotals(totals, { ...noTests(), failed: 1 });
}

printSummary(totals);
say(countLine(totals));
process.exitCode = totals.failed === 0 ? 0 : 1;

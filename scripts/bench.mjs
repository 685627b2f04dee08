// `npm run bench`: how fast KRStorage is, as ratios wherever there is something to compare with. It never fails for being slow.
//   npm run bench -- --quick          small numbers, to see that it works
//   npm run bench -- --only up,list   some of the figures
//   npm run bench -- --only ceph      on a real cluster, which it starts
//   npm run bench -- --json           the result as JSON
import { requireDependencies } from "./bench/compile.mjs";
import { figureNames, measure, needsEngine, usualNames } from "./bench/figures.mjs";
import { describeMachine, machineLine } from "./bench/machine.mjs";
import { parseOptions } from "./bench/options.mjs";
import { progress } from "./bench/progress.mjs";
import { formatTable } from "./bench/table.mjs";
import { makeWorkspace } from "./bench/workspace.mjs";
import { StepError, say } from "./lib/console.mjs";
import { ensureEngine } from "./lib/engine.mjs";
import { checkNode } from "./lib/node.mjs";

function printGoals(figures) {
  const judged = figures.filter((figure) => figure.verdict !== undefined);
  const missed = judged.filter((figure) => figure.verdict === "MISSED");
  const undecided = judged.filter((figure) => figure.verdict === "too few runs");
  const met = judged.length - missed.length - undecided.length;
  say(`\n${judged.length} goals: ${met} met, ${missed.length} MISSED, ${undecided.length} undecided (too few runs)`);
  for (const { name } of missed) say(`  MISSED: ${name}`);
}

function print(options, machine, { figures, failures }) {
  if (options.json) return say(JSON.stringify({ machine, quick: options.quick, figures, failures }, undefined, 2));
  say(`\n${machineLine(machine)}${options.quick ? "; a quick run, whose figures say little" : ""}\n`);
  say(formatTable(figures));
  printGoals(figures);
  for (const { name, message } of failures) say(`\nNot measured: ${name}\n${message}`);
}

/** Says why there is no result; what runs in the workspace ends by itself without its files. */
function stopped(signal, workspace) {
  progress(`Stopped by ${signal}; nothing was measured to its end.`);
  workspace.remove();
  process.exit(1);
}

try {
  const options = parseOptions(process.argv.slice(2), figureNames, usualNames);
  checkNode();
  requireDependencies();
  const engine = needsEngine(options.only) ? await ensureEngine({ log: progress }) : undefined;
  const workspace = await makeWorkspace();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stopped(signal, workspace));
  try {
    const machine = describeMachine(workspace.folder, engine?.version);
    const result = await measure({ workspace, engine }, options);
    print(options, machine, result);
    if (result.failures.length > 0) process.exitCode = 1;
  } finally {
    workspace.remove();
  }
} catch (error) {
  progress(error instanceof StepError ? error.message : (error.stack ?? String(error)));
  process.exitCode = 1;
}

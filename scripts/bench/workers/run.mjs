// Runs one measurement in a process of its own, so that no run profits from what an earlier one has warmed up.
import { StepError } from "../../lib/console.mjs";
import { inRoot } from "../../lib/paths.mjs";
import { run, tail } from "../../lib/run.mjs";

/** Returns what the worker has printed as JSON. */
export async function runWorker(name, ...args) {
  const { code, stdout, output } = await run(process.execPath, [
    inRoot("scripts", "bench", "workers", `${name}.mjs`),
    ...args.map(String),
  ]);
  if (code !== 0) throw new StepError(`The worker ${name} failed:\n${tail(output)}`);
  return JSON.parse(stdout);
}

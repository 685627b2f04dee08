// Step output that reads the same in a terminal and in a log file: `[1/7] Dependencies` … `      ready (1.2 s)`.
import { performance } from "node:perf_hooks";

/** A failure that is explained by its message alone: printed without a stack trace. */
export class StepError extends Error {}

const indent = "      ";

export const say = (text = "") => process.stdout.write(`${text}\n`);

/** Text below a step, each line aligned with the step's title. */
export const note = (text) =>
  say(
    String(text)
      .trimEnd()
      .replace(/^(?=.)/gm, indent),
  );

export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
}

/**
 * Numbers the steps of one run. `run(title, work)` prints the title, does the work and prints its result (a string the work
 * returns, "done" otherwise) with the time it took.
 */
export function createSteps(total) {
  let current = 0;
  return {
    async run(title, work) {
      current += 1;
      const started = performance.now();
      say(`[${current}/${total}] ${title}`);
      const result = await work();
      note(`${typeof result === "string" ? result : "done"} (${duration(performance.now() - started)})`);
      return result;
    },
  };
}

/** Says every ten seconds that something is still going on; returns the function that stops it. */
export function heartbeat(what, { every = 10_000, onBeat = () => {} } = {}) {
  const started = performance.now();
  const timer = setInterval(() => {
    onBeat();
    note(`… ${what}, ${Math.round((performance.now() - started) / 1000)} s`);
  }, every);
  return () => clearInterval(timer);
}

export const countLine = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

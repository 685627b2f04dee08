// Runs that are to be compared, in turns.
import { progress } from "./progress.mjs";
import { settle } from "./workspace.mjs";

/**
 * Runs every side once a round, the order reversed from round to round, so that what slows the machine down for a while slows
 * all sides. `sides` maps a name to an async function that gives the measured value; returns the values by name.
 */
export async function interleave(what, rounds, sides) {
  const names = Object.keys(sides);
  const values = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      settle();
      values[name].push(await sides[name]());
    }
    progress(`  ${what}: run ${round + 1} of ${rounds}`);
  }
  return values;
}

/** Wall clock of an action, ms. */
export async function timed(action) {
  const started = performance.now();
  await action();
  return performance.now() - started;
}

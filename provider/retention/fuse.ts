import type { RetentionPolicy } from "./policy";
import { simulate } from "./simulate";

/** The fuse is never below this, so that a policy which removes one a run does not trip when it removes two. */
export const fewestDeletes = 3;

/** A simulation that ends after this many runs has seen days, weeks and a change of year; of an @hourly policy it is two years. */
const years = 2;
const mostRuns = 20_000;
/** Any date would do. These years have a leap day in them, and month ends of all lengths, where spans in months move by days at once. */
const from = "2023-01-01T00:00:00Z";
const known = new Map<string, number>();
const mostKnown = 1000;

/**
 * How many snapshots one run of a policy may remove of a target, if it does not say: twice the most that a run removes while the policy
 * runs as scheduled, and at least 3. Found by simulating two years (at most 20,000 runs), and remembered.
 */
export function defaultMaxDeletes(
  policy: RetentionPolicy,
  schedule: string,
  options: { timezone?: string } = {},
): number {
  const timezone = options.timezone ?? "UTC";
  const key = JSON.stringify([policy, schedule, timezone]);
  const found = known.get(key);
  if (found !== undefined) return found;
  const { mostRemoved } = simulate(policy, schedule, { from, years, timezone, mostRuns });
  const limit = Math.max(fewestDeletes, 2 * mostRemoved);
  if (known.size >= mostKnown) known.clear();
  known.set(key, limit);
  return limit;
}

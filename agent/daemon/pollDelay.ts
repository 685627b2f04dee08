/** What the next look at a backend depends on. All in ms. */
export interface Rhythm {
  /** How often changes of policies are looked for. */
  readonly pollMs: number;
  /** How long the last look took, and finding out what is to be done. */
  readonly lookMs: number;
  /** How often the backend could not be reached, in a row. */
  readonly failures: number;
  /** Until the next slot of any policy, by the backend's clock. */
  readonly untilSlotMs: number | undefined;
}

const firstRetryMs = 5_000;
const longestRetryMs = 15 * 60_000;
const shortestMs = 100;
/** Looking takes one part of so many, so that with the garbage it leaves, which others collect, it stays below a hundredth of a core. */
const idleShare = 200;

/** How long to wait: until the next slot, and no longer than it takes to notice changes; longer and longer for a backend that is down. */
export function nextDelay({ pollMs, lookMs, failures, untilSlotMs }: Rhythm): number {
  if (failures > 0) return Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 20));
  const pollAfterMs = Math.max(pollMs, lookMs * idleShare);
  return Math.max(shortestMs, Math.min(pollAfterMs, untilSlotMs ?? Number.POSITIVE_INFINITY));
}

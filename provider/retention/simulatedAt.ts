import { KrStorageError } from "../model/errors";
import { type Instant, instantMs } from "./instant";
import type { Simulation } from "./simulate";

/** A stretch of time without a restore point. */
export interface Gap {
  readonly from: Date;
  readonly to: Date;
  readonly ms: number;
}

/** What a policy has made of it by a certain date. */
export interface SimulatedDate {
  readonly at: Date;
  /** When the snapshots that exist then were taken, in order. */
  readonly restorePoints: readonly Date[];
  /** Between each restore point and the next, and from the last one to the date. */
  readonly gaps: readonly Gap[];
  readonly longestGap?: Gap;
  /**
   * How much space the snapshots take beside the data itself, as a share of it: 0.4 is two fifths of the volume's size. An estimate for
   * backends whose snapshots share unchanged blocks; only with a `changeRate`.
   */
  readonly space?: number;
}

const dayMs = 86_400_000;

/** What exists at an instant of a simulation, after the run of that instant if there is one. INVALID_ARGUMENT outside of the simulation. */
export function simulatedAt(simulation: Simulation, date: Instant): SimulatedDate {
  const atMs = instantMs(date, "the date");
  const { from, to, snapshots, changeRate } = simulation;
  if (atMs < from.getTime() || atMs > to.getTime()) {
    throw new KrStorageError(
      "INVALID_ARGUMENT",
      `${new Date(atMs).toISOString()} is not within the simulation, ${from.toISOString()} to ${to.toISOString()}`,
    );
  }
  const living = snapshots.filter(
    ({ start, end }) => start.getTime() <= atMs && (end === undefined || end.getTime() > atMs),
  );
  const restorePoints = living.map(({ start }) => start);
  const gaps = restorePoints.map((point, n): Gap => {
    const next = restorePoints[n + 1] ?? new Date(atMs);
    return { from: point, to: next, ms: next.getTime() - point.getTime() };
  });
  const longestGap = gaps.reduce<Gap | undefined>(
    (longest, gap) => (longest === undefined || gap.ms > longest.ms ? gap : longest),
    undefined,
  );
  return {
    at: new Date(atMs),
    restorePoints,
    gaps,
    ...(longestGap === undefined ? {} : { longestGap }),
    ...(changeRate === undefined ? {} : { space: spaceOf(gaps, changeRate) }),
  };
}

/**
 * A snapshot holds the blocks that were overwritten before the next one was taken. With writes spread evenly over the data, of which a share
 * `changeRate` is written in a day, the part that is written at least once in a time t is 1 - e^(-changeRate t).
 */
function spaceOf(gaps: readonly Gap[], changeRate: number): number {
  return gaps.reduce((sum, { ms }) => sum - Math.expm1((-changeRate * ms) / dayMs), 0);
}

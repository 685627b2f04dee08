import { performance } from "node:perf_hooks";
import { type PlannedSnapshot, planRetention, type RetentionPolicy } from "../../../provider/retention";

/** What planning costs. `ratio` is the time for ten times as many snapshots, over the time for `snapshots`. */
export interface PlanningSpeed {
  readonly snapshots: number;
  readonly ms: number;
  readonly tenfoldMs: number;
  readonly ratio: number;
}

const owner = "0123456789abcdef0123456789abcdef";
const policy: RetentionPolicy = {
  keepLast: 10,
  keepHourly: 48,
  keepDaily: 14,
  keepWeekly: 8,
  keepMonthly: 24,
  keepYearly: -1,
};
const firstMs = Date.UTC(1970, 0, 1);
const everyMs = 1_000_000;

/** For the bench: `planRetention` over 100,000 and 1,000,000 shuffled snapshots (some 32 years of them), the quickest of five runs each. */
export function measurePlanning(snapshots = 100_000): PlanningSpeed {
  const ms = quickest(snapshotsInNoOrder(snapshots));
  const tenfoldMs = quickest(snapshotsInNoOrder(10 * snapshots));
  return { snapshots, ms, tenfoldMs, ratio: tenfoldMs / ms };
}

function quickest(snapshots: readonly PlannedSnapshot[]): number {
  const times = Array.from({ length: 5 }, () => {
    const startMs = performance.now();
    planRetention(snapshots, policy, { owner, timezone: "Europe/Vienna", maxDeletes: snapshots.length });
    return performance.now() - startMs;
  });
  return Math.min(...times);
}

/** The same ones in the same order every time: multiplying by a number prime to the count visits each once. */
export function snapshotsInNoOrder(count: number): PlannedSnapshot[] {
  const step = 7_919; // prime, and no divisor of a power of ten
  return Array.from({ length: count }, (_, n) => {
    const place = (n * step) % count;
    return { id: `s${place}`, time: firstMs + place * everyMs, owner };
  });
}

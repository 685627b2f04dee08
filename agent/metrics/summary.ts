import type { CapacityFacts } from "../../provider/drivers/capacity";
import { roomIn } from "../../provider/drivers/capacity";
import type { PoolLook } from "../run/look";
import type { BackendReport, TargetReport } from "../run/report";
import { slotTimes } from "../run/slotTimes";

/** What the metrics show of a pool. It is small, so that lists need not be kept in memory. */
export interface PoolSummary {
  readonly pool: string;
  readonly tier: string;
  readonly capacity: CapacityFacts;
  readonly reservedBytes: number;
  readonly limitBytes: number;
  /** How often the capacity may be promised. */
  readonly maxOvercommit: number;
  /** Counts by kind and status. */
  readonly counts: ReadonlyMap<string, number>;
  /** The largest volumes and shares. */
  readonly largest: readonly { readonly name: string; readonly sizeBytes: number; readonly actualBytes: number }[];
  /** How many more there are. */
  readonly omitted: number;
}

/** What the metrics show of a policy and one of its targets. */
export interface TargetSummary {
  readonly policy: string;
  readonly policyUid: string;
  readonly target: string;
  readonly status: TargetReport["status"];
  readonly prune: string;
  /** When the newest good snapshot was due, or since when there should be one; ms since 1970. */
  readonly freshMs: number | undefined;
  readonly intervalMs: number | undefined;
}

export function summarizePool({ pool, listing }: PoolLook, mostVolumes: number): PoolSummary {
  const { record, capacity } = listing.pool;
  const { reserveBytes, limitBytes } = roomIn(record.settings, capacity);
  const data = listing.objects.filter(({ phase, record: { kind } }) => phase === "live" && kind !== "snapshot");
  const largest = data
    .map(({ record: { name, sizeBytes }, actualSizeBytes }) => ({ name, sizeBytes, actualBytes: actualSizeBytes }))
    .sort((a, b) => b.sizeBytes - a.sizeBytes || (a.name < b.name ? -1 : 1))
    .slice(0, mostVolumes);
  const { tier } = record.requested;
  return {
    pool,
    tier: typeof tier === "string" ? tier : "",
    capacity,
    reservedBytes: reserveBytes,
    limitBytes,
    maxOvercommit: record.settings.maxOvercommit,
    counts: countsOf(listing),
    largest,
    omitted: data.length - largest.length,
  };
}

function countsOf({ objects, policies, damaged }: PoolLook["listing"]): Map<string, number> {
  const counts = new Map<string, number>();
  const count = (kind: string, status: string, by = 1) => {
    if (by > 0) counts.set(`${kind} ${status}`, (counts.get(`${kind} ${status}`) ?? 0) + by);
  };
  for (const { record, phase, health } of objects) count(record.kind, phase === "live" ? health : phase);
  count("policy", "ready", policies.length);
  count("unknown", "damaged", damaged.length);
  return counts;
}

export function summarizeTargets({ targets }: BackendReport, nowMs: number): TargetSummary[] {
  return targets.map((report) => {
    const { policy, target, status, prune, newestGoodMs, sinceMs } = report;
    const { latestMs, nextMs } = slotTimes(policy, nowMs);
    return {
      policy: policy.name,
      policyUid: policy.uid,
      target: target.id,
      status,
      prune: prune?.action ?? "notRun",
      freshMs: newestGoodMs ?? sinceMs,
      intervalMs: latestMs === undefined || nextMs === undefined ? undefined : nextMs - latestMs,
    };
  });
}

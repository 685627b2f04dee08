import type { Gauge, Registry } from "prom-client";
import type { BackendSummary } from "./backendSummary";
import type { PoolSummary, TargetSummary } from "./summary";

type Labels = Record<string, string>;
type Set = (labels: Labels, value: number) => void;

/** One measure of a backend, of its pools, or of its targets. */
interface Measure {
  readonly help: string;
  readonly labels: readonly string[];
  readonly fill: (summary: BackendSummary, set: Set, nowMs: number) => void;
}

const ofBackend = (help: string, value: (summary: BackendSummary) => number | undefined): Measure => ({
  help,
  labels: ["backend"],
  fill: (summary, set) => {
    const found = value(summary);
    if (found !== undefined) set({ backend: summary.backend }, found);
  },
});

const ofPool = (help: string, value: (pool: PoolSummary) => number): Measure => ({
  help,
  labels: ["backend", "pool", "tier"],
  fill: ({ backend, pools }, set) => {
    for (const pool of pools) set({ backend, pool: pool.pool, tier: pool.tier }, value(pool));
  },
});

const ofTarget = (help: string, value: (target: TargetSummary, nowMs: number) => number | undefined): Measure => ({
  help,
  labels: ["backend", "policy", "policy_uid", "target"],
  fill: ({ backend, targets }, set, nowMs) => {
    for (const target of targets) {
      const found = value(target, nowMs);
      const { policy, policyUid, target: id } = target;
      if (found !== undefined) set({ backend, policy, policy_uid: policyUid, target: id }, found);
    }
  },
});

const ofVolume = (help: string, value: (volume: PoolSummary["largest"][number]) => number): Measure => ({
  help,
  labels: ["backend", "pool", "volume"],
  fill: ({ backend, pools }, set) => {
    for (const { pool, largest } of pools)
      for (const volume of largest) set({ backend, pool, volume: volume.name }, value(volume));
  },
});

const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000);

const measures: Record<string, Measure> = {
  backend_up: ofBackend("Whether the backend answered when it was last looked at.", ({ isUp }) => Number(isUp)),
  backend_clock_skew_seconds: ofBackend(
    "By how much the backend's clock is ahead of the agent's.",
    ({ skewMs }) => skewMs / 1000,
  ),
  run_timestamp_seconds: ofBackend("When the last run on the backend ended.", ({ ranAtMs }) => seconds(ranAtMs)),
  run_duration_seconds: ofBackend("How long the last run on the backend took.", ({ durationMs }) =>
    seconds(durationMs),
  ),
  policies_broken: ofBackend(
    "Policies that cannot be run as they stand.",
    ({ brokenPolicies }) => brokenPolicies.length,
  ),
  pool_size_bytes: ofPool("Size of the storage that the pool is on.", ({ capacity }) => capacity.totalBytes),
  pool_free_bytes: ofPool("Not used by anyone.", ({ capacity }) => capacity.freeBytes),
  pool_used_bytes: ofPool("What the pool's own data occupies.", ({ capacity }) => capacity.allocatedBytes),
  pool_provisioned_bytes: ofPool("What has been promised.", ({ capacity }) => capacity.provisionedBytes),
  pool_reserved_bytes: ofPool("What is kept free whatever happens.", ({ reservedBytes }) => reservedBytes),
  pool_limit_bytes: ofPool("The most that may be promised.", ({ limitBytes }) => limitBytes),
  pool_max_overcommit_ratio: ofPool("How often the capacity may be promised.", ({ maxOvercommit }) => maxOvercommit),
  pool_volumes_omitted: ofPool(
    "Volumes and shares that have no series of their own: the smallest.",
    ({ omitted }) => omitted,
  ),
  objects: {
    help: "Objects by kind and status.",
    labels: ["backend", "pool", "kind", "status"],
    fill: ({ backend, pools }, set) => {
      for (const { pool, counts } of pools)
        for (const [key, count] of counts) {
          const [kind = "", status = ""] = key.split(" ");
          set({ backend, pool, kind, status }, count);
        }
    },
  },
  volume_size_bytes: ofVolume("What was asked for.", ({ sizeBytes }) => sizeBytes),
  volume_actual_size_bytes: ofVolume("What the backend gives.", ({ actualBytes }) => actualBytes),
  policy_newest_good_age_seconds: ofTarget(
    "Age of the newest good snapshot; without one, since when there should be one.",
    ({ freshMs }, nowMs) => seconds(freshMs === undefined ? undefined : Math.max(0, nowMs - freshMs)),
  ),
  policy_interval_seconds: ofTarget("Between the slot before now and the next one.", ({ intervalMs }) =>
    seconds(intervalMs),
  ),
  policy_failing: ofTarget("Whether the last run failed for the target.", ({ status }) => Number(status === "failed")),
  policy_skipped: ofTarget("Whether the last run skipped the target.", ({ status }) => Number(status === "skipped")),
  policy_fuse_tripped: ofTarget("Whether more would be removed than one run may.", ({ prune }) =>
    Number(prune === "tripped"),
  ),
  policy_prune_refused: ofTarget("Whether a guard keeps pruning from running.", ({ prune }) =>
    Number(prune === "refused"),
  ),
  fsck_findings: {
    help: "What the last check of the pool found.",
    labels: ["backend", "pool"],
    fill: ({ backend, findings }, set) => {
      for (const [pool, { count }] of findings) set({ backend, pool }, count);
    },
  },
  fsck_timestamp_seconds: {
    help: "When the pool was last checked.",
    labels: ["backend", "pool"],
    fill: ({ backend, findings }, set) => {
      for (const [pool, { atMs }] of findings) set({ backend, pool }, atMs / 1000);
    },
  },
};

/** Gauges that are filled from summaries whenever they are asked for. */
export class StateGauges {
  constructor(
    prometheus: typeof import("prom-client"),
    registry: Registry,
    summaries: () => Iterable<BackendSummary>,
    now: () => number,
  ) {
    for (const [name, { help, labels, fill }] of Object.entries(measures)) {
      new prometheus.Gauge({
        name: `krstorage_${name}`,
        help,
        labelNames: labels,
        registers: [registry],
        collect(this: Gauge) {
          this.reset();
          const nowMs = now();
          for (const summary of summaries()) fill(summary, (values, value) => this.set(values, value), nowMs);
        },
      });
    }
  }
}

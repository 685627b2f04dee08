import type { DeviceClass, HealthCheck, HealthStatus } from "../../provider/drivers/driver";
import type { BackendSummary } from "./backendSummary";
import type { NodeSummary } from "./nodeSummary";
import type { PoolSummary, TargetSummary } from "./summary";

type Labels = readonly (readonly [name: string, value: string])[];

/** Things of one sort that a backend has, and what is measured of each. */
interface Group<Item> {
  readonly items: (summary: BackendSummary) => Iterable<Item>;
  readonly labels: (item: Item, summary: BackendSummary) => Labels;
  /** By name: help, and the value; a thing without one has no series. */
  readonly measures: Readonly<Record<string, readonly [help: string, value: Value<Item>]>>;
}
type Value<Item> = (item: Item, nowMs: number) => number | undefined;

const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000);

const backends: Group<BackendSummary> = {
  items: (summary) => [summary],
  labels: ({ backend }) => [["backend", backend]],
  measures: {
    backend_up: ["Whether the backend answered when it was last looked at.", ({ isUp }) => Number(isUp)],
    backend_clock_skew_seconds: [
      "By how much the backend's clock is ahead of the agent's.",
      ({ skewMs }) => skewMs / 1000,
    ],
    run_timestamp_seconds: ["When the last run on the backend ended.", ({ ranAtMs }) => seconds(ranAtMs)],
    run_duration_seconds: ["How long the last run on the backend took.", ({ durationMs }) => seconds(durationMs)],
    policies_broken: ["Policies that cannot be run as they stand.", ({ brokenPolicies }) => brokenPolicies.length],
  },
};

const grades: Record<HealthStatus, number> = { ok: 0, warning: 1, failing: 2 };

const clusters: Group<NodeSummary> = {
  items: ({ nodes }) => (nodes === undefined ? [] : [nodes]),
  labels: (_nodes, { backend }) => [["backend", backend]],
  measures: {
    backend_health: ["How the backend says it is: 0 well, 1 warned, 2 failing.", ({ status }) => grades[status]],
    backend_nodes: ["Machines that the backend has disks on.", ({ nodes }) => nodes],
    backend_devices: ["Disks of the backend.", ({ devices }) => devices],
    backend_devices_up: ["Disks of the backend that answer.", ({ devicesUp }) => devicesUp],
    backend_devices_in: ["Disks that the backend keeps data on.", ({ devicesIn }) => devicesIn],
  },
};

const checks: Group<HealthCheck> = {
  items: ({ nodes }) => nodes?.checks ?? [],
  labels: ({ code }, { backend }) => [
    ["backend", backend],
    ["check", code],
  ],
  measures: {
    backend_health_check: ["What the backend finds wrong: 1 warned, 2 failing.", ({ status }) => grades[status]],
  },
};

const classes: Group<DeviceClass> = {
  items: ({ nodes }) => nodes?.classes ?? [],
  labels: ({ name }, { backend }) => [
    ["backend", backend],
    ["class", name],
  ],
  measures: {
    device_class_size_bytes: ["All disks of the class, before any copies.", ({ totalBytes }) => totalBytes],
    device_class_free_bytes: ["Not used on disks of the class.", ({ freeBytes }) => freeBytes],
  },
};

const pools: Group<PoolSummary> = {
  items: ({ pools: all }) => all,
  labels: ({ pool, tier }, { backend }) => [
    ["backend", backend],
    ["pool", pool],
    ["tier", tier],
  ],
  measures: {
    pool_size_bytes: ["Size of the storage that the pool is on.", ({ capacity }) => capacity.totalBytes],
    pool_free_bytes: ["Not used by anyone.", ({ capacity }) => capacity.freeBytes],
    pool_used_bytes: ["What the pool's own data occupies.", ({ capacity }) => capacity.allocatedBytes],
    pool_provisioned_bytes: ["What has been promised.", ({ capacity }) => capacity.provisionedBytes],
    pool_reserved_bytes: ["What is kept free whatever happens.", ({ reservedBytes }) => reservedBytes],
    pool_limit_bytes: ["The most that may be promised.", ({ limitBytes }) => limitBytes],
    pool_max_overcommit_ratio: ["How often the capacity may be promised.", ({ maxOvercommit }) => maxOvercommit],
    pool_volumes_omitted: [
      "Volumes and shares that have no series of their own: the smallest.",
      ({ omitted }) => omitted,
    ],
  },
};

interface Counted {
  readonly pool: string;
  readonly kind: string;
  readonly status: string;
  readonly count: number;
}

const objects: Group<Counted> = {
  items: ({ pools: all }) =>
    all.flatMap(({ pool, counts }) =>
      [...counts].map(([key, count]) => {
        const [kind = "", status = ""] = key.split(" ");
        return { pool, kind, status, count };
      }),
    ),
  labels: ({ pool, kind, status }, { backend }) => [
    ["backend", backend],
    ["pool", pool],
    ["kind", kind],
    ["status", status],
  ],
  measures: { objects: ["Objects by kind and status.", ({ count }) => count] },
};

type Volume = PoolSummary["largest"][number] & { readonly pool: string };

const volumes: Group<Volume> = {
  items: ({ pools: all }) => all.flatMap(({ pool, largest }) => largest.map((volume) => ({ ...volume, pool }))),
  labels: ({ pool, name }, { backend }) => [
    ["backend", backend],
    ["pool", pool],
    ["volume", name],
  ],
  measures: {
    volume_size_bytes: ["What was asked for.", ({ sizeBytes }) => sizeBytes],
    volume_actual_size_bytes: ["What the backend gives.", ({ actualBytes }) => actualBytes],
  },
};

const targets: Group<TargetSummary> = {
  items: ({ targets: all }) => all,
  labels: ({ policy, policyUid, target }, { backend }) => [
    ["backend", backend],
    ["policy", policy],
    ["policy_uid", policyUid],
    ["target", target],
  ],
  measures: {
    policy_newest_good_age_seconds: [
      "Age of the newest good snapshot; without one, since when there should be one.",
      ({ freshMs }, nowMs) => seconds(freshMs === undefined ? undefined : Math.max(0, nowMs - freshMs)),
    ],
    policy_interval_seconds: ["Between the slot before now and the next one.", ({ intervalMs }) => seconds(intervalMs)],
    policy_failing: ["Whether the last run failed for the target.", ({ status }) => Number(status === "failed")],
    policy_skipped: ["Whether the last run skipped the target.", ({ status }) => Number(status === "skipped")],
    policy_fuse_tripped: [
      "Whether more would be removed than one run may.",
      ({ prune }) => Number(prune === "tripped"),
    ],
    policy_prune_refused: ["Whether a guard keeps pruning from running.", ({ prune }) => Number(prune === "refused")],
  },
};

interface Finding {
  readonly pool: string;
  readonly count: number;
  readonly atMs: number;
}

const findings: Group<Finding> = {
  items: ({ findings: all }) => [...all].map(([pool, found]) => ({ pool, ...found })),
  labels: ({ pool }, { backend }) => [
    ["backend", backend],
    ["pool", pool],
  ],
  measures: {
    fsck_findings: ["What the last check of the pool found.", ({ count }) => count],
    fsck_timestamp_seconds: ["When the pool was last checked.", ({ atMs }) => atMs / 1000],
  },
};

/**
 * Gauges that are worked out from summaries, as text. prom-client keeps an object for every series and sorts out labels at every setting: with
 * 10,000 volumes that is most of a second where this takes a twentieth of one.
 */
export function stateGauges(summaries: readonly BackendSummary[], nowMs: number): string {
  return [
    textOf(backends, summaries, nowMs),
    textOf(clusters, summaries, nowMs),
    textOf(checks, summaries, nowMs),
    textOf(classes, summaries, nowMs),
    textOf(pools, summaries, nowMs),
    textOf(objects, summaries, nowMs),
    textOf(volumes, summaries, nowMs),
    textOf(targets, summaries, nowMs),
    textOf(findings, summaries, nowMs),
  ].join("");
}

function textOf<Item>(group: Group<Item>, summaries: readonly BackendSummary[], nowMs: number): string {
  // The labels of a thing are the same for everything that is measured of it
  const labelled: (readonly [item: Item, labels: string])[] = [];
  for (const summary of summaries)
    for (const item of group.items(summary)) labelled.push([item, labelText(group.labels(item, summary))]);
  let text = "";
  for (const [name, [help, value]] of Object.entries(group.measures)) {
    text += `# HELP krstorage_${name} ${help}\n# TYPE krstorage_${name} gauge\n`;
    for (const [item, labels] of labelled) {
      const found = value(item, nowMs);
      if (found !== undefined) text += `krstorage_${name}${labels} ${numberText(found)}\n`;
    }
  }
  return text;
}

function labelText(labels: Labels): string {
  return `{${labels.map(([name, value]) => `${name}="${escaped(value)}"`).join(",")}}`;
}

function escaped(value: string): string {
  return /[\\"\n]/.test(value) ? value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"') : value;
}

function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

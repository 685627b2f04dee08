import { Gauge, Registry } from "prom-client";
import type { BackendSummary } from "../../../agent/metrics/backendSummary";
import { stateGauges } from "../../../agent/metrics/stateGauges";

const odd = 'a "b" \\ c\nd';
const capacity = {
  totalBytes: Number.POSITIVE_INFINITY,
  freeBytes: 1.5,
  allocatedBytes: 0,
  provisionedBytes: Number.NaN,
};
const summary: BackendSummary = {
  backend: odd,
  isUp: true,
  skewMs: -1500,
  ranAtMs: undefined,
  durationMs: undefined,
  pools: [
    {
      pool: "ssd",
      tier: odd,
      capacity: capacity as BackendSummary["pools"][number]["capacity"],
      reservedBytes: 0,
      limitBytes: 0,
      maxOvercommit: 1,
      counts: new Map([["volume ready", 2]]),
      largest: [{ name: "a", sizeBytes: 4096, actualBytes: 8192 }],
      omitted: 1,
    },
  ],
  targets: [],
  brokenPolicies: [],
  findings: new Map([["ssd", { count: 3, atMs: 5000 }]]),
};
const seriesOf = (text: string, name: string) => text.split("\n").filter((line) => line.startsWith(`${name}{`));

test("series are as prom-client writes them, whatever stands in a label, and whatever the number is", async () => {
  const text = stateGauges([summary], 0);
  const registry = new Registry();
  const labelNames = ["backend", "pool", "tier"];
  for (const [name, value] of [
    ["krstorage_pool_size_bytes", capacity.totalBytes],
    ["krstorage_pool_free_bytes", capacity.freeBytes],
  ] as const) {
    new Gauge({ name, help: "-", labelNames, registers: [registry] }).set(
      { backend: odd, pool: "ssd", tier: odd },
      value,
    );
    expect(seriesOf(text, name)).toEqual(seriesOf(await registry.metrics(), name));
    expect(seriesOf(text, name)).toHaveLength(1);
  }
});

test("what is not known has no series, and every measure says what it is", () => {
  const text = stateGauges([summary], 0);
  expect(seriesOf(text, "krstorage_run_timestamp_seconds")).toEqual([]);
  expect(text).toContain("# TYPE krstorage_run_timestamp_seconds gauge\n");
  expect(seriesOf(text, "krstorage_fsck_findings")[0]).toMatch(/pool="ssd"\} 3$/);
  expect(seriesOf(text, "krstorage_pool_provisioned_bytes")[0]).toMatch(/ NaN$/);
  expect(text.endsWith("\n")).toBe(true);
});

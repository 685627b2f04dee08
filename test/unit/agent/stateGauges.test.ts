import { Gauge, Registry } from "prom-client";
import type { BackendSummary } from "../../../agent/metrics/backendSummary";
import { summarizeNodes } from "../../../agent/metrics/nodeSummary";
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
  nodes: undefined,
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

test("what a backend stands on is shown by backend, check and class; what somebody has muted is not", () => {
  const nodes = summarizeNodes({
    health: {
      status: "warning",
      word: "HEALTH_WARN",
      checks: [
        { code: "OSD_DOWN", status: "warning", message: "1 osds down", isMuted: false },
        { code: "OSDMAP_FLAGS", status: "warning", message: "noout flag(s) set", isMuted: true },
      ],
    },
    nodes: [
      { name: "a", devices: [{ name: "osd.0", class: "ssd", isUp: true, isIn: true }] },
      { name: "b", devices: [{ name: "osd.1", class: "ssd", isUp: false, isIn: true }] },
      { name: "c", devices: [] },
    ],
    classes: [{ name: "ssd", totalBytes: 2000, freeBytes: 500 }],
  });
  const lines = stateGauges([{ ...summary, backend: "main", nodes }, summary], 0).split("\n");
  expect(lines.filter((line) => /^krstorage_(backend_(health|nodes|devices)|device_)/.test(line))).toEqual([
    'krstorage_backend_health{backend="main"} 1',
    'krstorage_backend_nodes{backend="main"} 3',
    'krstorage_backend_devices{backend="main"} 2',
    'krstorage_backend_devices_up{backend="main"} 1',
    'krstorage_backend_devices_in{backend="main"} 2',
    'krstorage_backend_health_check{backend="main",check="OSD_DOWN"} 1',
    'krstorage_device_class_size_bytes{backend="main",class="ssd"} 2000',
    'krstorage_device_class_free_bytes{backend="main",class="ssd"} 500',
  ]);
});

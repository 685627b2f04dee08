import type { Properties } from "../../../provider/lifecycle/lifecycle";
import { fromWire, hasUnknown, toWire, unknownValue } from "../../../provider/lifecycle/unknown";
import { type KindName, kinds } from "../../../provider/model/kinds";
import { sceneWithPool, volumeInputs } from "../support/scene";

const uid = "a".repeat(32);
const common: Properties = {
  labels: { a: "b" },
  deletionProtection: true,
  timeouts: { create: "1m" },
  adopt: uid,
  allowDataLoss: uid,
};
const complete: Record<KindName, Properties> = {
  pool: {
    backend: "main",
    name: "hdd",
    tier: "hot",
    labels: { a: "b" },
    capacity: "50GiB",
    maxOvercommit: 1,
    reserve: "1GiB",
    trashRetention: "1d",
    ceph: { replicas: 2 },
    adopt: uid,
  },
  volumeClass: {
    name: "x",
    pools: ["main/ssd"],
    placement: "firstFit",
    qos: { iops: 100 },
    accessModes: ["ReadWriteOnce"],
    reclaimPolicy: "Delete",
    allowExpansion: true,
    labels: { a: "b" },
    schedule: "@daily",
    timezone: "UTC",
    retention: { keepDaily: 7 },
  },
  volume: {
    ...volumeInputs("x"),
    ...common,
    source: { volume: "main/ssd/source" },
    recreateIfMissing: uid,
    volumeClass: { name: "gold", pools: ["main/ssd"] },
    accessModes: ["ReadWriteOnce"],
    qos: { iops: 100 },
  },
  share: {
    size: "1GiB",
    pool: "main/ssd",
    name: "x",
    ...common,
    source: { share: "main/ssd/tree" },
    recreateIfMissing: uid,
    volumeClass: { name: "gold", pools: ["main/ssd"] },
    protocol: "directory",
    access: [{ client: "10.0.0.0/24" }],
  },
  snapshotPolicy: {
    name: "x",
    schedule: "@daily",
    timezone: "UTC",
    retention: { keepLast: 3 },
    keepAtLeast: 1,
    maxDeletes: 10,
    targets: ["main/ssd/source"],
    consistency: "each",
    hooks: ["freeze"],
    enabled: true,
    labels: { a: "b" },
    adopt: uid,
  },
  snapshot: { source: "main/ssd/source", name: "x", ...common },
};
const everyInput = (Object.keys(kinds) as KindName[]).flatMap((kind) =>
  Object.keys(kinds[kind].inputs).map((key): [KindName, string] => [kind, key]),
);

test.each(everyInput)("the examples here give %s.%s, so that nothing is left out", (kind, key) => {
  expect(complete[kind]).toHaveProperty(key);
});

test.each(everyInput)(
  "%s whose %s is not known yet passes, new and existing, and keeps it unknown",
  async (kind, key) => {
    const scene = await sceneWithPool();
    await scene.volume("source");
    await scene.share("tree");
    const inputs = { ...complete[kind], [key]: unknownValue };
    const fresh = await scene.checked(kind, "x", inputs);
    expect(fresh.failures).toEqual([]);
    expect(fresh.inputs[key]).toBe(unknownValue);
    const { adopt: _, ...known } = complete[kind];
    await scene.create(kind, "x", known);
    expect(await scene.nextRun().check(kind, "x", { ...known, [key]: unknownValue }, known)).toEqual([]);
  },
);

test.each(everyInput)("%s that an interrupted run has made passes while %s is not known yet", async (kind, key) => {
  const scene = await sceneWithPool();
  await scene.volume("source");
  await scene.share("tree");
  const { adopt: _, ...known } = complete[kind];
  await scene.create(kind, "x", known);
  expect(await scene.nextRun().check(kind, "x", { ...known, [key]: unknownValue })).toEqual([]);
});

test("an unknown deep inside is found", () => {
  expect([{ a: [{ b: unknownValue }] }, [unknownValue], unknownValue].map(hasUnknown)).toEqual([true, true, true]);
  expect([{ a: [{ b: 1 }] }, null, undefined, "x"].map(hasUnknown)).toEqual([false, false, false, false]);
});

test("the wire form of an unknown comes and goes at any depth", () => {
  const wire = { size: "?", source: { volume: "?" }, list: ["?", 1], name: "x" };
  const inside = fromWire(wire, (value) => value === "?");
  expect(inside).toEqual({ size: unknownValue, source: { volume: unknownValue }, list: [unknownValue, 1], name: "x" });
  expect(toWire(inside, "?")).toEqual(wire);
});

test("a property that is null on the wire is absent", () => {
  expect(fromWire({ a: null, b: undefined, c: 0 }, () => false)).toEqual({ c: 0 });
});

import type { Properties } from "../../../provider/lifecycle/lifecycle";
import type { KindName } from "../../../provider/model/kinds";
import { sceneWithPool, volumeInputs } from "../support/scene";

const wrong: [string, KindName, Properties, string, string][] = [
  [
    "a property that is nearly right",
    "volume",
    volumeInputs("a", { Size: "1GiB" }),
    "Size",
    'Volume has no property "Size"; did you mean "size"?',
  ],
  ["a property with a letter wrong", "volume", volumeInputs("a", { lables: {} }), "lables", 'did you mean "labels"?'],
  [
    "a property of nobody",
    "volume",
    volumeInputs("a", { colour: "red" }),
    "colour",
    "properties are size, pool, volumeClass, name",
  ],
  [
    "the marker that only read writes",
    "volume",
    volumeInputs("a", { lost: "missing:x" }),
    "lost",
    'has no property "lost"',
  ],
  ["a missing size", "volume", { pool: "main/ssd" }, "size", 'missing required property "size"'],
  ["a missing source", "snapshot", {}, "source", 'missing required property "source"'],
  ["a size that is none", "volume", volumeInputs("a", { size: "20Gi" }), "size", 'did you mean "20GiB"?'],
  ["a size that is a number", "volume", volumeInputs("a", { size: 20 }), "size", "expected a size"],
  ["a pool that is no id", "volume", volumeInputs("a", { pool: "../x" }), "pool", '"../x" is not a pool id'],
  ["a name that is none", "volume", volumeInputs("a", { name: "-rf" }), "name", '"-rf" is not a name'],
  [
    "a label with a control character",
    "volume",
    volumeInputs("a", { labels: { "example.com/a": "\u0000" } }),
    'labels["example.com/a"]',
    "no control characters",
  ],
  [
    "a label key that is none",
    "volume",
    volumeInputs("a", { labels: { "a b": "x" } }),
    'labels["a b"]',
    "a label key is 1 to 63",
  ],
  [
    "two sources",
    "volume",
    volumeInputs("a", { source: { snapshot: "main/ssd/a@b", volume: "main/ssd/a" } }),
    "source",
    "exactly one of",
  ],
  [
    "a volume where a snapshot is wanted",
    "volume",
    volumeInputs("a", { source: { snapshot: "main/ssd/a" } }),
    "source.snapshot",
    "is not a snapshot id",
  ],
  [
    "a timeout that is none",
    "volume",
    volumeInputs("a", { timeouts: { create: "soon" } }),
    "timeouts.create",
    "is not a duration",
  ],
  ["a permission that is no uid", "volume", volumeInputs("a", { allowDataLoss: true }), "allowDataLoss", "a text"],
  ["a tier that is none", "pool", { backend: "main", tier: "lukewarm" }, "tier", "hot"],
  ["an overcommitment below one", "pool", { backend: "main", maxOvercommit: 0.5 }, "maxOvercommit", "at least 1"],
  [
    "a snapshot as source of a snapshot",
    "snapshot",
    { source: "main/ssd/a@b" },
    "source",
    "is not the id of a volume or share",
  ],
];

test.each(wrong)("%s is refused with its path", async (_what, kind, inputs, path, reason) => {
  const scene = await sceneWithPool();
  const failures = await scene.check(kind, "x", inputs);
  expect(failures).toEqual([{ property: path, reason: expect.stringContaining(reason) }]);
});

test.each(["../x", "a/b", "-rf", "a".repeat(300), "数据", "a\u0000b"])(
  "the given name %j is refused, and nothing is looked at",
  async (name) => {
    const scene = await sceneWithPool();
    expect(await scene.check("volume", "x", volumeInputs("x", { name }))).toMatchObject([{ property: "name" }]);
    expect(scene.disk.calls.list).toBeUndefined();
  },
);

test("a logical name from which no name can be made is refused, asking for one", async () => {
  const scene = await sceneWithPool();
  const failures = await scene.check("volume", "数据", { size: "1GiB", pool: "main/ssd" });
  expect(failures).toMatchObject([{ property: "name", reason: expect.stringContaining("give one") }]);
});

test("a name that is not given is the logical one, and stays when the resource is renamed", async () => {
  const scene = await sceneWithPool();
  const { inputs } = await scene.checked("volume", "Pg Data/main", { size: "1GiB", pool: "main/ssd" });
  expect(inputs.name).toBe("pg-data-main");
  await scene.create("volume", "Pg Data/main", inputs);
  const renamed = await scene.nextRun().checked("volume", "other", { size: "1GiB", pool: "main/ssd" }, inputs);
  expect(renamed.inputs.name).toBe("pg-data-main");
});

test("checked inputs are as spelled, with no default written into them", async () => {
  const scene = await sceneWithPool();
  const { inputs } = await scene.checked("volume", "a", { size: "1024MiB", pool: "main/ssd", labels: undefined });
  expect(inputs).toEqual({ size: "1024MiB", pool: "main/ssd", name: "a" });
});

test("every mistake is named at once", async () => {
  const scene = await sceneWithPool();
  const failures = await scene.check("volume", "x", { size: "x", pool: "y", sise: "z" });
  expect(failures.map((failure) => failure.property).sort()).toEqual(["pool", "sise", "size"]);
});

test("an unknown part of a source is refused with its path", async () => {
  const scene = await sceneWithPool();
  const failures = await scene.check("volume", "x", volumeInputs("x", { source: { snapshto: "main/ssd/a@b" } }));
  expect(failures).toContainEqual({
    property: "source.snapshto",
    reason: 'unknown property "snapshto"; did you mean "snapshot"?',
  });
});

import type { Properties } from "../../../provider/lifecycle/lifecycle";
import type { KindName } from "../../../provider/model/kinds";
import { ownerOf, Scene, sceneWithPool, uidOf, volumeInputs } from "../support/scene";
import { thrown } from "../support/thrown";

/** What check says beforehand and what create throws, as one sentence each. */
async function refusals(scene: Scene, kind: KindName, name: string, inputs: Properties) {
  const failures = await scene.check(kind, name, inputs);
  const error = await thrown(() => scene.create(kind, name, inputs));
  return { preview: failures.map((failure) => failure.reason), create: error.message };
}

/** A second stack on the same disk. */
async function twin(stackId: string | undefined, kind: KindName = "volume"): Promise<{ scene: Scene; uid: string }> {
  const first = await sceneWithPool();
  const volume = await first.volume("data");
  const scene = new Scene({ disk: first.disk, stackId });
  return { scene, uid: kind === "pool" ? first.disk.pool("ssd").record.uid : uidOf(volume) };
}

test.each<[string, KindName, string, Properties, string | undefined]>([
  ["another owner", "volume", "other", volumeInputs("data"), "stack-1"],
  ["another stack", "volume", "data", volumeInputs("data"), "stack-2"],
  ["no stack id", "volume", "data", volumeInputs("data"), undefined],
  ["another size", "volume", "data", volumeInputs("data", { size: "2GiB" }), "stack-1"],
  ["other labels", "volume", "data", volumeInputs("data", { labels: { a: "b" } }), "stack-1"],
  ["a pool of another stack", "pool", "ssd", { backend: "main", name: "ssd" }, "stack-2"],
  ["a pool of another owner", "pool", "mine", { backend: "main", name: "ssd" }, "stack-1"],
  ["a pool with other settings", "pool", "ssd", { backend: "main", name: "ssd", capacity: "5GiB" }, "stack-1"],
])("the preview refuses %s in the very sentence of create", async (_what, kind, name, inputs, stackId) => {
  const { scene, uid } = await twin(stackId, kind);
  const { preview, create } = await refusals(scene, kind, name, inputs);
  expect(preview).toEqual([create]);
  expect(create).toContain(`adopt: "${uid}"`);
});

test("an interrupted run is resumed: the same object, under a new claim", async () => {
  const scene = await sceneWithPool();
  const first = await scene.volume("data");
  expect(await scene.nextRun().check("volume", "data", volumeInputs("data"))).toEqual([]);
  const again = await scene.volume("data");
  expect(uidOf(again)).toBe(uidOf(first));
  expect(again.state.claim).not.toBe(first.state.claim);
});

test("the replaced state's delete leaves what was taken over alone, and says so", async () => {
  const scene = await sceneWithPool();
  const first = await scene.volume("data");
  const again = await scene.volume("data");
  await scene.delete("volume", first);
  expect(scene.disk.live("ssd", "data").record.uid).toBe(uidOf(again));
  expect(scene.warnings).toEqual([expect.stringContaining("another state holds it now")]);
});

test.each<[KindName, Properties]>([
  ["volume", volumeInputs("data")],
  ["pool", { backend: "main", name: "ssd" }],
])("a %s is adopted by its uid, in preview and in fact", async (kind, inputs) => {
  const { scene, uid } = await twin("stack-2", kind);
  const adopting = { ...inputs, adopt: uid };
  expect(await scene.check(kind, "mine", adopting)).toEqual([]);
  expect((await scene.create(kind, "mine", adopting)).state).toMatchObject({ uid, owner: ownerOf(kind, "mine") });
});

test("what was adopted is protected, unless the program says otherwise", async () => {
  for (const [declared, expected] of [
    [undefined, true],
    [false, false],
  ] as const) {
    const { scene, uid } = await twin("stack-2");
    await scene.create("volume", "mine", volumeInputs("data", { adopt: uid, deletionProtection: declared }));
    expect(scene.disk.live("ssd", "data").record.protection).toBe(expected);
  }
});

test("adopting with less than its size is refused at preview, with the exact size to declare", async () => {
  const { scene, uid } = await twin("stack-2");
  scene.disk.edit("ssd", "data", { sizeBytes: 1_500_000_001 });
  const failures = await scene.check("volume", "mine", volumeInputs("data", { adopt: uid }));
  expect(failures).toEqual([{ property: "size", reason: expect.stringContaining('declare size: "1500000001B"') }]);
});

test("what is a snapshot is never taken over as a volume", async () => {
  const scene = await sceneWithPool();
  await scene.volume("data");
  const snapshot = await scene.create("snapshot", "one", { source: "main/ssd/data", name: "one" });
  const live = scene.disk.live("ssd", "data@one");
  scene.disk.pool("ssd").objects.set(uidOf(snapshot), { ...live, record: { ...live.record, name: "one" } });
  const failures = await scene.nextRun().check("volume", "x", volumeInputs("one"));
  expect(failures).toMatchObject([{ property: "name", reason: expect.stringContaining("is a snapshot") }]);
});

test.each(["damaged", "copied"] as const)("what is %s is not taken over, in preview and in fact", async (health) => {
  const scene = await sceneWithPool();
  await scene.volume("data");
  const live = scene.disk.live("ssd", "data");
  scene.disk.pool("ssd").objects.set(live.record.uid, { ...live, health });
  const { preview, create } = await refusals(scene.nextRun(), "volume", "data", volumeInputs("data"));
  expect(preview).toEqual([create]);
});

test("a name whose record is damaged is refused, pointing to fsck", async () => {
  const scene = await sceneWithPool();
  scene.disk.pool("ssd").damaged.push({ uid: "d".repeat(32), name: "data", problem: "its record cannot be read" });
  expect(await scene.check("volume", "data", volumeInputs("data"))).toMatchObject([
    { property: "name", reason: expect.stringContaining("fsck") },
  ]);
});

test("an object of this owner under another name is not doubled", async () => {
  const scene = await sceneWithPool();
  const first = await scene.volume("data");
  const failures = await scene.nextRun().check("volume", "data", volumeInputs("renamed"));
  expect(failures).toMatchObject([{ property: "name", reason: expect.stringContaining(uidOf(first)) }]);
});

test("a former object in the trash is mentioned, and not brought back", async () => {
  const scene = await sceneWithPool();
  const first = await scene.volume("data");
  await scene.delete("volume", first);
  expect(await scene.nextRun().check("volume", "data", volumeInputs("data"))).toEqual([]);
  expect(scene.infos.join()).toContain(`undelete main/ssd ${uidOf(first)}`);
  expect(uidOf(await scene.volume("data"))).not.toBe(uidOf(first));
});

test("a retired pool comes back to its owner, and to nobody else", async () => {
  const scene = await sceneWithPool();
  const pool = { id: "main/ssd", state: (await scene.read("pool", "main/ssd", {}))?.state ?? {} };
  const volume = await scene.volume("data");
  await scene.delete("volume", volume);
  await scene.delete("pool", pool);
  expect(scene.disk.pool("ssd").record.retiredAt).toBeDefined();
  expect(await scene.nextRun().check("pool", "other", { backend: "main", name: "ssd" })).toMatchObject([
    { property: "name" },
  ]);
  expect(await scene.nextRun().check("pool", "ssd", { backend: "main", name: "ssd", capacity: "9GiB" })).toEqual([]);
  await scene.pool({ capacity: "9GiB" });
  expect(scene.disk.pool("ssd").record.retiredAt).toBeUndefined();
});

test.each([2, -2])("a backend's clock that is %d days off changes nothing for an interrupted pool", async (days) => {
  const scene = new Scene({ stackId: undefined });
  scene.disk.now = Date.now() + days * 86_400_000;
  await scene.pool();
  expect(await scene.check("pool", "ssd", { backend: "main", name: "ssd" })).toEqual([]);
});

test("a pool of a day ago without a stack id is not taken over because the caller's clock is behind", async () => {
  const scene = new Scene({ stackId: undefined });
  scene.disk.now = Date.now() + 2 * 86_400_000;
  await scene.pool();
  scene.disk.now += 86_400_000;
  expect(await scene.check("pool", "ssd", { backend: "main", name: "ssd" })).toMatchObject([{ property: "name" }]);
});

import { lifecycles } from "../../../provider/lifecycle";
import type { Properties } from "../../../provider/lifecycle/lifecycle";
import type { KindName } from "../../../provider/model/kinds";
import { ownerOf, Scene, sceneWithPool, uidOf, volumeInputs } from "../support/scene";

const declared: [KindName, Properties][] = [
  ["pool", { backend: "main", name: "hdd", capacity: "1024MiB", labels: { a: "b" }, tier: "cold" }],
  [
    "volume",
    volumeInputs("data", { size: "1024MiB", labels: { a: "b" }, deletionProtection: true, timeouts: { create: "1m" } }),
  ],
  ["volume", volumeInputs("data", { labels: {}, deletionProtection: false })],
  ["snapshot", { source: "main/ssd/source", name: "one", labels: { a: "b" } }],
];

async function made(kind: KindName, inputs: Properties) {
  const scene = await sceneWithPool();
  await scene.volume("source");
  return { scene, created: await scene.create(kind, "x", inputs) };
}
function changesOf(kind: KindName, oldState: Properties, newInputs: Properties): string[] {
  return lifecycles[kind].diff({ owner: ownerOf(kind, "x"), oldState, newInputs }).changed;
}

test.each(declared)(
  "a %s that was made is no diff, checks clean, and is no diff after refresh either way",
  async (kind, inputs) => {
    const { scene, created } = await made(kind, inputs);
    expect(changesOf(kind, created.state, inputs)).toEqual([]);
    expect(await scene.nextRun().check(kind, "x", inputs, inputs)).toEqual([]);
    const read = await scene.read(kind, created.id, created.state);
    expect(read).toEqual({ id: created.id, state: created.state, inputs });
  },
);

test.each(declared)("a %s can be read by its id alone, and then is no diff", async (kind, inputs) => {
  const { scene, created } = await made(kind, inputs);
  const read = await scene.read(kind, created.id, {});
  expect(read?.state.uid).toBe(created.state.uid);
  expect(changesOf(kind, { ...read?.state }, { ...read?.inputs })).toEqual([]);
});

test.each(declared)("a %s has every output that its model promises, except what has no value", async (kind, inputs) => {
  const { created } = await made(kind, inputs);
  for (const key of Object.keys(lifecycles[kind].kind.outputs)) expect(created.state).toHaveProperty(key);
  expect(JSON.parse(JSON.stringify(created.state))).toEqual(created.state);
});

test.each(declared)("a %s is deleted twice without an error", async (kind, inputs) => {
  const { scene, created } = await made(kind, { ...inputs, deletionProtection: undefined });
  await scene.delete(kind, created);
  if (kind !== "pool") await scene.delete(kind, created);
  expect(await scene.read(kind, created.id, {}).catch(() => undefined)).toBeUndefined();
});

test.each<[KindName, string]>([
  ["volume", "main/ssd/source@one"],
  ["snapshot", "main/ssd/source"],
])("a %s read under the id of another kind is refused", async (kind, id) => {
  const { scene } = await made("snapshot", { source: "main/ssd/source", name: "one" });
  await expect(scene.read(kind, id, {})).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});

test.each<[KindName, string]>([
  ["volume", "main/ssd"],
  ["snapshot", "../x"],
  ["pool", "main"],
])("%s with the id %s is refused", async (kind, id) => {
  const scene = await sceneWithPool();
  await expect(scene.read(kind, id, {})).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await expect(lifecycles[kind].delete({ id, oldState: {} }, scene.context)).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
  });
});

test("a record that says more than a pool's settings does not reach its inputs", async () => {
  const { scene } = await made("volume", volumeInputs("x"));
  const pool = scene.disk.pool("ssd");
  pool.record = { ...pool.record, requested: { capacity: "50GiB", name: "other", adopt: "x", newer: true } };
  const read = await scene.read("pool", "main/ssd", {});
  expect(read?.inputs).toEqual({ backend: "main", name: "ssd", capacity: "50GiB" });
});

test("a thousand volumes are read with one list", async () => {
  const scene = await sceneWithPool();
  const volumes = [];
  for (let index = 0; index < 1000; index += 1) volumes.push(await scene.volume(`v${index}`, { size: "1MiB" }));
  scene.nextRun();
  scene.disk.calls.list = 0;
  await Promise.all(volumes.map((volume) => scene.read("volume", volume.id, volume.state)));
  expect(scene.disk.calls.list).toBe(1);
});

test("fifty snapshots are not fifty lists", async () => {
  const { scene } = await made("snapshot", { source: "main/ssd/source", name: "x" });
  scene.nextRun().disk.calls.list = 0;
  const names = Array.from({ length: 50 }, (_, index) => `s${index}`);
  await Promise.all(names.map((name) => scene.create("snapshot", name, { source: "main/ssd/source", name })));
  expect(scene.disk.calls.list).toBeLessThanOrEqual(2);
});

test("a source that was made since the look is found", async () => {
  const { scene } = await made("snapshot", { source: "main/ssd/source", name: "x" });
  await scene.read("volume", "main/ssd/source", {});
  const other = new Scene({ disk: scene.disk });
  await other.volume("late");
  const snapshot = await scene.create("snapshot", "s", { source: "main/ssd/late", name: "s" });
  expect(snapshot.state.sourceUid).toBe(scene.disk.live("ssd", "late").record.uid);
});

test("growing happens in place: the uid and the claim stay", async () => {
  const { scene, created } = await made("volume", volumeInputs("x"));
  const state = await scene.update("volume", "x", created, volumeInputs("x", { size: "3GiB" }));
  expect(state).toMatchObject({
    uid: uidOf(created),
    claim: created.state.claim,
    size: "3GiB",
    sizeBytes: 3 * 2 ** 30,
  });
});

test("an update that changes nothing writes nothing", async () => {
  const { scene, created } = await made("volume", volumeInputs("x", { labels: { a: "1", b: "2" } }));
  await scene.update("volume", "x", created, volumeInputs("x", { labels: { b: "2", a: "1" } }));
  expect([scene.disk.calls.update, scene.disk.calls.grow]).toEqual([undefined, undefined]);
});

test("another owner is written in place, under the same claim", async () => {
  const { scene, created } = await made("volume", volumeInputs("x"));
  const state = await scene.update("volume", "renamed", created, volumeInputs("x"));
  expect(state).toMatchObject({ owner: ownerOf("volume", "renamed"), uid: uidOf(created), claim: created.state.claim });
  expect(scene.disk.live("ssd", "x").record.owner).toBe(ownerOf("volume", "renamed"));
});

test("a volume that a backend has grown by itself is no diff", async () => {
  const { scene, created } = await made("volume", volumeInputs("x"));
  const live = scene.disk.live("ssd", "x");
  scene.disk.pool("ssd").objects.set(live.record.uid, { ...live, actualSizeBytes: 2 ** 31 });
  const read = await scene.nextRun().read("volume", created.id, created.state);
  expect(read?.state.actualSizeBytes).toBe(2 ** 31);
  expect(changesOf("volume", { ...read?.state }, volumeInputs("x"))).toEqual([]);
});

async function assertKept(scene: Scene, uid: string): Promise<void> {
  expect([...scene.disk.pool("ssd").objects.keys()]).toContain(uid);
}

test("deleting keeps the bytes in the trash for the pool's time", async () => {
  const { scene, created } = await made("volume", volumeInputs("x"));
  await scene.delete("volume", created);
  await assertKept(scene, uidOf(created));
  const expiresAt = scene.disk.pool("ssd").objects.get(uidOf(created))?.record.expiresAt ?? "";
  expect(Date.parse(expiresAt) - scene.disk.now).toBe(24 * 3_600_000);
});

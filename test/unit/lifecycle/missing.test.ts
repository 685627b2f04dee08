import { lifecycles } from "../../../provider/lifecycle";
import type { CreateResult, Properties } from "../../../provider/lifecycle/lifecycle";
import { ownerOf, type Scene, sceneWithPool, uidOf, volumeInputs } from "../support/scene";
import { thrown } from "../support/thrown";

const inputs = volumeInputs("data");

async function lost(): Promise<{ scene: Scene; made: CreateResult; uid: string }> {
  const scene = await sceneWithPool();
  const made = await scene.volume("data");
  scene.disk.lose("ssd", "data");
  return { scene: scene.nextRun(), made, uid: uidOf(made) };
}

/** What `pulumi refresh` leaves in the state. */
async function refreshed(scene: Scene, made: CreateResult): Promise<{ state: Properties; inputs: Properties }> {
  const read = await scene.read("volume", made.id, made.state);
  if (!read) throw new Error("refresh let go of it");
  return read;
}

test("refresh keeps a missing volume, with its status and a marker", async () => {
  const { scene, made, uid } = await lost();
  const read = await refreshed(scene, made);
  expect(read.state).toMatchObject({ uid, status: "missing", lost: `missing:${uid}` });
  expect(read.inputs).toEqual({ ...inputs, lost: `missing:${uid}` });
  expect(scene.warnings).toEqual([expect.stringContaining(uid)]);
});

test.each([true, false])("check refuses it with the ways out (refreshed before: %s)", async (isRefreshed) => {
  const { scene, made, uid } = await lost();
  const old = isRefreshed ? (await refreshed(scene, made)).inputs : inputs;
  const failures = await scene.check("volume", "data", inputs, old);
  expect(failures).toEqual([{ property: "", reason: expect.stringContaining("Ways out: restore it") }]);
  if (isRefreshed) expect(failures[0]?.reason).toContain(`recreateIfMissing: "${uid}"`);
});

test("update refuses it as well, and makes nothing", async () => {
  const { scene, made } = await lost();
  expect(
    (await thrown(() => scene.update("volume", "data", made, volumeInputs("data", { labels: { a: "b" } })))).code,
  ).toBe("NOT_FOUND");
  expect(scene.disk.pool("ssd").objects.size).toBe(0);
});

test("the permission that names it makes a new one, with a new uid", async () => {
  const { scene, made, uid } = await lost();
  const read = await refreshed(scene, made);
  const allowed = volumeInputs("data", { recreateIfMissing: uid });
  expect(await scene.check("volume", "data", allowed, read.inputs)).toEqual([]);
  expect(
    lifecycles.volume.diff({ owner: ownerOf("volume", "data"), oldState: read.state, newInputs: allowed }),
  ).toMatchObject({ changed: ["lost"], replaces: [] });
  const state = await scene.update("volume", "data", { id: made.id, state: read.state }, allowed);
  expect(state).not.toHaveProperty("lost");
  expect(state).toMatchObject({ status: "ready" });
  expect(state.uid).not.toBe(uid);
});

test("the permission for another uid is inert", async () => {
  const { scene, made } = await lost();
  const read = await refreshed(scene, made);
  const wrong = volumeInputs("data", { recreateIfMissing: "e".repeat(32) });
  expect(await scene.check("volume", "data", wrong, read.inputs)).toHaveLength(1);
  expect((await thrown(() => scene.update("volume", "data", { id: made.id, state: read.state }, wrong))).code).toBe(
    "NOT_FOUND",
  );
});

test("one that is in the trash is said to be there, until when, and how it comes back", async () => {
  const scene = await sceneWithPool();
  const made = await scene.volume("data");
  await scene.delete("volume", made);
  const [failure] = await scene.nextRun().check("volume", "data", inputs, inputs);
  expect(failure?.reason).toContain(`krstorage undelete main/ssd ${uidOf(made)}`);
  expect(failure?.reason).toContain("kept until 2031-01-02T12:00:00.000Z");
});

test("it is found in the trash under its old name when the program renames it at the same time", async () => {
  const scene = await sceneWithPool();
  const made = await scene.volume("data");
  await scene.delete("volume", made);
  const [failure] = await scene.nextRun().check("volume", "data", volumeInputs("renamed"), inputs);
  expect(failure?.reason).toContain(`krstorage undelete main/ssd ${uidOf(made)}`);
});

test("one that came back is no longer marked", async () => {
  const scene = await sceneWithPool();
  const made = await scene.volume("data");
  const found = scene.disk.live("ssd", "data");
  scene.disk.lose("ssd", "data");
  const read = await refreshed(scene.nextRun(), made);
  scene.disk.pool("ssd").objects.set(uidOf(made), found);
  const back = await scene.nextRun().read("volume", made.id, read.state);
  expect(back?.state).not.toHaveProperty("lost");
  expect(back?.inputs).toEqual(inputs);
});

test("a missing snapshot is gone: a new one is a point in time like any other", async () => {
  const scene = await sceneWithPool();
  await scene.volume("data");
  const made = await scene.create("snapshot", "one", { source: "main/ssd/data", name: "one" });
  scene.disk.lose("ssd", "data@one");
  expect(await scene.nextRun().read("snapshot", made.id, made.state)).toBeUndefined();
});

test("a damaged record is no missing object", async () => {
  const { scene, made, uid } = await lost();
  scene.disk.pool("ssd").damaged.push({ uid, name: "data", problem: "its record cannot be read" });
  const read = await refreshed(scene, made);
  expect(read.state).toMatchObject({ uid, status: "damaged" });
  expect(read.state).not.toHaveProperty("lost");
});

test("an unmounted or another pool is an error, never missing", async () => {
  const scene = await sceneWithPool();
  const made = await scene.volume("data");
  const pool = scene.disk.pool("ssd");
  scene.disk.pools.delete("ssd");
  expect((await thrown(() => scene.nextRun().read("volume", made.id, made.state))).code).toBe("UNAVAILABLE");
  scene.disk.pools.set("ssd", { ...pool, record: { ...pool.record, identity: "another" }, objects: new Map() });
  expect((await thrown(() => scene.nextRun().read("volume", made.id, made.state))).code).toBe("PRECONDITION_FAILED");
});

test("a replacement that was interrupted after the old one had gone to the trash goes on", async () => {
  const scene = await sceneWithPool();
  const made = await scene.volume("data");
  await scene.delete("volume", made);
  const allowed = volumeInputs("data", { source: { volume: "main/ssd/other" }, allowDataLoss: uidOf(made) });
  expect(await scene.nextRun().check("volume", "data", allowed, inputs)).toEqual([]);
  expect(await scene.check("volume", "data", { ...allowed, allowDataLoss: "e".repeat(32) }, inputs)).toHaveLength(1);
});

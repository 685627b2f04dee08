import type { CreateResult } from "../../../provider/lifecycle/lifecycle";
import { Scene, sceneWithPool, uidOf, volumeInputs } from "../support/scene";
import { thrown } from "../support/thrown";

const inputs = volumeInputs("data");

/** A stack whose volume an older copy of its state has taken over. */
async function superseded(): Promise<{ scene: Scene; made: CreateResult; uid: string }> {
  const scene = await sceneWithPool();
  const made = await scene.volume("data");
  await scene.volume("data");
  return { scene: scene.nextRun(), made, uid: uidOf(made) };
}

test("refresh keeps what it knows, and marks it", async () => {
  const { scene, made, uid } = await superseded();
  const read = await scene.read("volume", made.id, made.state);
  expect(read?.state).toEqual({ ...made.state, lost: `superseded:${uid}` });
});

test("check then refuses, with what to set; the permission passes", async () => {
  const { scene, made, uid } = await superseded();
  const read = await scene.read("volume", made.id, made.state);
  expect(await scene.check("volume", "data", inputs, read?.inputs)).toEqual([
    { property: "name", reason: expect.stringContaining(`adopt: "${uid}"`) },
  ]);
  expect(await scene.check("volume", "data", { ...inputs, adopt: uid }, read?.inputs)).toEqual([]);
});

test("update is a conflict and changes nothing; with the permission it takes the object back", async () => {
  const { scene, made, uid } = await superseded();
  const bigger = volumeInputs("data", { size: "2GiB" });
  expect((await thrown(() => scene.update("volume", "data", made, bigger))).code).toBe("CONFLICT");
  expect(scene.disk.live("ssd", "data").record.sizeBytes).toBe(2 ** 30);
  const state = await scene.update("volume", "data", made, { ...bigger, adopt: uid });
  expect(state).toMatchObject({ uid, sizeBytes: 2 ** 31, claim: scene.disk.live("ssd", "data").record.claim });
  expect(state.claim).not.toBe(made.state.claim);
});

test("what belongs to another owner now is refused by check, with its uid", async () => {
  const scene = await sceneWithPool();
  await scene.volume("data");
  scene.disk.edit("ssd", "data", { owner: "someone/else" });
  expect(await scene.nextRun().check("volume", "data", inputs, inputs)).toMatchObject([
    { property: "name", reason: expect.stringContaining("belongs to someone/else") },
  ]);
});

test("a pool that another state holds is refused by check, and taken back with the permission", async () => {
  const scene = new Scene();
  const made = await scene.pool();
  await scene.pool();
  const pool = { backend: "main", name: "ssd" };
  const read = await scene.nextRun().read("pool", made.id, made.state);
  expect(await scene.check("pool", "ssd", pool, read?.inputs)).toEqual([
    { property: "name", reason: expect.stringContaining(`adopt: "${uidOf(made)}"`) },
  ]);
  expect((await thrown(() => scene.update("pool", "ssd", made, { ...pool, tier: "hot" }))).code).toBe("CONFLICT");
  expect(await scene.update("pool", "ssd", made, { ...pool, tier: "hot", adopt: uidOf(made) })).toMatchObject({
    tier: "hot",
  });
});

test("deleting a pool that another state holds leaves it, and says so", async () => {
  const scene = new Scene();
  const made = await scene.pool();
  await scene.pool();
  await scene.delete("pool", made);
  expect(scene.disk.pools.has("ssd")).toBe(true);
  expect(scene.warnings).toEqual([expect.stringContaining("another state holds it now")]);
});

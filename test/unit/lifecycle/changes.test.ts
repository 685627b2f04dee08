import { sceneWithPool, uidOf, volumeInputs } from "../support/scene";
import { thrown } from "../support/thrown";

const inputs = volumeInputs("data");

test.each([
  ["512MiB", 2 ** 29],
  ["1073741823B", 1],
])("shrinking to %s is refused at preview, with what would be lost and what to declare", async (size, lost) => {
  const scene = await sceneWithPool();
  await scene.volume("data");
  const [failure] = await scene.nextRun().check("volume", "data", volumeInputs("data", { size }), inputs);
  expect(failure).toMatchObject({
    property: "size",
    reason: expect.stringContaining(`cannot shrink from 1GiB to ${size} (${2 ** 30 - (2 ** 30 - lost)} bytes less)`),
  });
  expect(failure?.reason).toContain('Declare size: "1GiB" again');
});

test("shrinking below what another program has grown it to names that exact size", async () => {
  const scene = await sceneWithPool();
  await scene.volume("data");
  scene.disk.edit("ssd", "data", { sizeBytes: 1_500_000_001 });
  const [failure] = await scene.nextRun().check("volume", "data", volumeInputs("data", { size: "1100MiB" }), inputs);
  expect(failure?.reason).toContain('Declare size: "1500000001B" again');
});

test("an update that would shrink is refused by the backend too", async () => {
  const scene = await sceneWithPool();
  const made = await scene.volume("data");
  expect((await thrown(() => scene.update("volume", "data", made, volumeInputs("data", { size: "1MiB" })))).code).toBe(
    "PRECONDITION_FAILED",
  );
});

const moved = volumeInputs("renamed");

test("an immutable change is refused at preview with the uid that would permit it", async () => {
  const scene = await sceneWithPool();
  const made = await scene.volume("data");
  const failures = await scene.nextRun().check("volume", "data", moved, inputs);
  expect(failures).toEqual([{ property: "name", reason: expect.stringContaining(`allowDataLoss: "${uidOf(made)}"`) }]);
});

test("the permission for another object is inert, and the refusal says so", async () => {
  const scene = await sceneWithPool();
  await scene.volume("data");
  const other = "e".repeat(32);
  const [failure] = await scene.nextRun().check("volume", "data", { ...moved, allowDataLoss: other }, inputs);
  expect(failure?.reason).toContain(`allowDataLoss names "${other}", which is not this object`);
});

test("with the right permission the replacement runs through: checked twice, made, the old one in the trash", async () => {
  const scene = await sceneWithPool();
  const made = await scene.volume("data");
  const allowed = { ...moved, allowDataLoss: uidOf(made) };
  scene.nextRun();
  expect(await scene.check("volume", "data", allowed, inputs)).toEqual([]);
  expect(await scene.check("volume", "data", allowed)).toEqual([]);
  const replacement = await scene.create("volume", "data", allowed);
  await scene.delete("volume", made);
  expect(scene.disk.live("ssd", "renamed").record.uid).toBe(uidOf(replacement));
  expect(scene.disk.pool("ssd").objects.get(uidOf(made))?.phase).toBe("trashed");
});

test("a protected object is not replaced, whatever is allowed", async () => {
  const scene = await sceneWithPool();
  const protectedInputs = { ...inputs, deletionProtection: true };
  const made = await scene.volume("data", { deletionProtection: true });
  const allowed = { ...moved, allowDataLoss: uidOf(made), deletionProtection: false };
  const [failure] = await scene.nextRun().check("volume", "data", allowed, protectedInputs);
  expect(failure?.reason).toContain("deletionProtection: false in an update of its own first");
});

test("taking protection off and deleting are two updates", async () => {
  const scene = await sceneWithPool();
  const made = await scene.volume("data", { deletionProtection: true });
  expect((await thrown(() => scene.delete("volume", made))).code).toBe("PRECONDITION_FAILED");
  const state = await scene.update("volume", "data", made, { ...inputs, deletionProtection: false });
  await scene.delete("volume", { id: made.id, state });
  expect(scene.disk.pool("ssd").objects.get(uidOf(made))?.phase).toBe("trashed");
});

test("what the record says counts, not what the state says", async () => {
  const scene = await sceneWithPool();
  const made = await scene.volume("data");
  scene.disk.edit("ssd", "data", { protection: true });
  expect((await thrown(() => scene.delete("volume", made))).code).toBe("PRECONDITION_FAILED");
});

test("protection that is no longer declared is taken off, one that never was stays", async () => {
  const scene = await sceneWithPool();
  const declared = await scene.volume("declared", { deletionProtection: true });
  await scene.update("volume", "declared", declared, volumeInputs("declared"));
  expect(scene.disk.live("ssd", "declared").record.protection).toBe(false);
  const made = await scene.volume("data");
  scene.disk.edit("ssd", "data", { protection: true });
  await scene.nextRun().update("volume", "data", made, volumeInputs("data", { labels: { a: "b" } }));
  expect(scene.disk.live("ssd", "data").record.protection).toBe(true);
});

test("an update never moves or renames, even where check was passed by", async () => {
  const scene = await sceneWithPool();
  const made = await scene.volume("data");
  for (const inputsNow of [moved, volumeInputs("data", { source: { volume: "main/ssd/x" } })]) {
    expect((await thrown(() => scene.update("volume", "data", made, inputsNow))).code).toBe("PRECONDITION_FAILED");
  }
  expect(scene.disk.live("ssd", "data").record.revision).toBe(1);
});

test.each(["backend", "name"])("a pool that changes its %s is refused at preview", async (key) => {
  const scene = await sceneWithPool();
  const old = { backend: "main", name: "ssd" };
  expect(await scene.check("pool", "ssd", { ...old, [key]: "other" }, old)).toEqual([
    { property: key, reason: expect.stringContaining("what is in main/ssd would stay behind") },
  ]);
});

test("what changed on the backend since the look is looked at again", async () => {
  const scene = await sceneWithPool();
  const made = await scene.volume("data");
  await scene.read("volume", made.id, made.state);
  scene.disk.edit("ssd", "data", { revision: 7 });
  const state = await scene.update("volume", "data", made, volumeInputs("data", { labels: { a: "b" } }));
  expect(state.labels).toEqual({ a: "b" });
  expect(scene.disk.live("ssd", "data").record.revision).toBe(8);
});

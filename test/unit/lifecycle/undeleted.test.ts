import { lifecycles } from "../../../provider/lifecycle";
import type { CreateResult } from "../../../provider/lifecycle/lifecycle";
import { undeleteObject } from "../../../provider/storage/trash";
import { ownerOf, type Scene, sceneWithPool, uidOf, volumeInputs } from "../support/scene";
import { thrown } from "../support/thrown";

const inputs = volumeInputs("data");

/** A volume that somebody has deleted and brought back, behind the back of the stack that made it. */
async function broughtBack(): Promise<{ scene: Scene; made: CreateResult; uid: string; sentence: string }> {
  const scene = await sceneWithPool();
  const made = await scene.volume("data");
  const uid = uidOf(made);
  await scene.delete("volume", made);
  await undeleteObject(scene.storage, { backend: "main", pool: "ssd" }, uid);
  const sentence = `main/ssd/data (uid ${uid}) was brought back from the trash, and no stack holds it since; to hold it again, set adopt: "${uid}" and run pulumi up`;
  return { scene: scene.nextRun(), made, uid, sentence };
}

test.each([true, false])(
  "a preview says that the stack does not hold it (refreshed before: %s)",
  async (isRefreshed) => {
    const { scene, made, sentence } = await broughtBack();
    const read = isRefreshed ? await scene.read("volume", made.id, made.state) : undefined;
    const old = read?.inputs ?? inputs;
    expect(await scene.check("volume", "data", inputs, old)).toEqual([{ property: "name", reason: sentence }]);
  },
);

test("one that was noted as missing and came back since is told as brought back, not as missing", async () => {
  const { scene, uid, sentence } = await broughtBack();
  const old = { ...inputs, lost: `missing:${uid}` };
  expect(await scene.check("volume", "data", inputs, old)).toEqual([{ property: "name", reason: sentence }]);
});

test.each([{}, { adopt: "its uid, from an adoption before" }])(
  "adopt takes it up again without a refresh, and then there is no difference: %j",
  async (earlier) => {
    const { scene, made, uid } = await broughtBack();
    const isAdopted = "adopt" in earlier;
    const owner = ownerOf("volume", "data");
    const adopting = volumeInputs("data", { adopt: uid });
    const oldInputs = isAdopted ? adopting : inputs;
    const oldState = isAdopted ? { ...made.state, adopt: uid } : made.state;
    const checked = await scene.checked("volume", "data", adopting, oldInputs);
    expect(checked.failures).toEqual([]);
    expect(lifecycles.volume.diff({ owner, oldState, newInputs: checked.inputs })).toMatchObject({
      changed: ["adopt"],
      replaces: [],
    });
    const state = await scene.update("volume", "data", { id: made.id, state: oldState }, checked.inputs);
    expect(state.uid).toBe(uid);
    expect(state.claim).toBe(scene.disk.live("ssd", "data").record.claim);
    const again = await scene.nextRun().checked("volume", "data", adopting, checked.inputs);
    expect(again.failures).toEqual([]);
    expect(lifecycles.volume.diff({ owner, oldState: state, newInputs: again.inputs }).changed).toEqual([]);
    expect(await scene.check("volume", "data", inputs, checked.inputs)).toEqual([]);
  },
);

test("an update that comes to it is refused with that sentence", async () => {
  const { scene, made, sentence } = await broughtBack();
  const error = await thrown(() => scene.update("volume", "data", made, volumeInputs("data", { size: "2GiB" })));
  expect(error).toMatchObject({ code: "CONFLICT", message: `${sentence}; nothing was changed` });
});

test("a stack that has given it up does not take it up silently: preview and create say the same", async () => {
  const { scene, uid, sentence } = await broughtBack();
  expect(await scene.check("volume", "data", inputs)).toEqual([{ property: "name", reason: sentence }]);
  expect((await thrown(() => scene.volume("data"))).message).toContain(sentence);
  const adopted = await scene.volume("data", { adopt: uid });
  expect(uidOf(adopted)).toBe(uid);
});

test("the stack's delete leaves it where it is, and says why", async () => {
  const { scene, made, uid } = await broughtBack();
  await scene.delete("volume", made);
  expect(scene.disk.live("ssd", "data").record.uid).toBe(uid);
  expect(scene.warnings).toEqual([
    `main/ssd/data (uid ${uid}) was not deleted: it was brought back from the trash, and this state does not hold it since`,
  ]);
});

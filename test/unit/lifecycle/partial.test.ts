import { PartialFailure } from "../../../provider/lifecycle/lifecycle";
import { sceneWithPool, uidOf, volumeInputs } from "../support/scene";

test("AC-19 a create that the backend did not do as told is partial: the state has id, uid and the full inputs", async () => {
  const scene = await sceneWithPool();
  scene.disk.tamper = (object) => ({ ...object, actualSizeBytes: 1 });
  const inputs = volumeInputs("data", { labels: { a: "b" } });
  const failure = await scene.volume("data", inputs).catch((error: unknown) => error);
  if (!(failure instanceof PartialFailure)) throw new Error(`is no partial failure: ${String(failure)}`);
  expect(failure.id).toBe("main/ssd/data");
  expect(failure.state).toMatchObject({ ...inputs, uid: scene.disk.live("ssd", "data").record.uid });
  expect(failure.failure).toMatchObject({
    code: "PROTOCOL",
    outcome: "partial",
    message: expect.stringContaining("BackendIgnoredChange"),
  });
});

test("AC-19 a grow that the backend ignored is partial, and keeps the uid", async () => {
  const scene = await sceneWithPool();
  const made = await scene.volume("data");
  scene.disk.tamper = (object) => ({ ...object, actualSizeBytes: 2 ** 30 });
  const failure = await scene
    .update("volume", "data", made, volumeInputs("data", { size: "2GiB" }))
    .catch((error: unknown) => error);
  if (!(failure instanceof PartialFailure)) throw new Error(`is no partial failure: ${String(failure)}`);
  expect(failure.state).toMatchObject({ uid: uidOf(made), actualSizeBytes: 2 ** 30 });
});

test("a backend that rounds up is no failure", async () => {
  const scene = await sceneWithPool();
  scene.disk.tamper = (object) => ({ ...object, actualSizeBytes: object.record.sizeBytes + 4096 });
  expect((await scene.volume("data")).state).toMatchObject({ sizeBytes: 2 ** 30, actualSizeBytes: 2 ** 30 + 4096 });
});

import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileStore } from "../contract/memory";
import { describeWith } from "../support/requires";
import { memoryBackend } from "./support/memoryBackend";
import { expectSentence, poolId, Scene } from "./support/scene";
import { expectFailure, expectSuccess, type Program } from "./support/testStack";

const ruled: Program = ({ krstorage, values }) => {
  const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
  const data = new krstorage.Volume("data", { pool: ssd, size: "4MiB" });
  const daily = (name: string, days: number) =>
    new krstorage.SnapshotPolicy(name, { schedule: "@daily", retention: { keepDaily: days }, targets: [data] });
  daily("nightly", Number(values.days));
  if (values.more !== undefined) daily("second", Number(values.more));
};

describeWith({ needs: ["engine"] }, "a backend that bears ten snapshots of an object, through the engine", () => {
  let scene: Scene;
  afterAll(() => rmSync(scene.folder, { recursive: true, force: true }));

  test("more are refused in preview, of one policy and of two together, and nothing is changed", async () => {
    scene = new Scene(memoryBackend);
    fileStore(join(scene.folder, "memory.json")).change((state) => {
      state.capabilities = { ...state.capabilities, maxSnapshots: 10 };
    });
    await scene.begin(({ krstorage }) => {
      const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
      new krstorage.Volume("data", { pool: ssd, size: "4MiB" });
    });
    scene.program(ruled, { days: "10" });
    const refused = /retention.*it would come to 11 snapshots of main\/ssd\/data; pool main\/ssd bears at most 10/s;
    expectSentence(expectFailure(await scene.stack.preview()), refused);
    expectSentence(expectFailure(await scene.stack.up()), refused);
    scene.program(ruled, { days: "5", more: "5" });
    expectSentence(expectFailure(await scene.stack.preview()), /6 snapshots of main\/ssd\/data, other policies to 6;/);
    expect((await scene.backend.policies(poolId)).policies).toEqual([]);
    scene.program(ruled, { days: "4", more: "4" });
    expectSuccess(await scene.stack.up());
    expectSuccess(await scene.stack.preview("--expect-no-changes"));
  }, 240_000);
});

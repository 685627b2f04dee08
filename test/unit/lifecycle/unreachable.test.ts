import type { ErrorCode } from "../../../provider/model/errors";
import { KrStorageError } from "../../../provider/model/errors";
import type { KindName } from "../../../provider/model/kinds";
import { type Scene, sceneWithPool, volumeInputs } from "../support/scene";

async function failing(error: unknown): Promise<Scene> {
  const scene = await sceneWithPool();
  await scene.volume("data");
  scene.disk.before = () => {
    throw error;
  };
  return scene.nextRun();
}
const inputs: Record<KindName, Record<string, unknown>> = {
  pool: { backend: "main", name: "ssd" },
  volumeClass: { name: "data", pools: ["main/ssd"] },
  volume: volumeInputs("data"),
  share: { size: "1GiB", pool: "main/ssd", name: "data" },
  snapshotPolicy: { name: "p", schedule: "@daily", retention: { keepLast: 3 }, targets: ["main/ssd/data"] },
  snapshot: { source: "main/ssd/data", name: "s" },
};
const kinds = Object.keys(inputs) as KindName[];
const soft: ErrorCode[] = ["UNAVAILABLE", "TIMEOUT", "CANCELLED"];

test.each(soft.flatMap((code) => kinds.map((kind): [KindName, ErrorCode] => [kind, code])))(
  "checking a %s where the backend is %s warns and passes, new and existing",
  async (kind, code) => {
    const scene = await failing(new KrStorageError(code, "the disk does not answer"));
    expect(await scene.check(kind, "data", inputs[kind])).toEqual([]);
    expect(await scene.check(kind, "data", inputs[kind], inputs[kind])).toEqual([]);
    expect(scene.warnings).toEqual([
      expect.stringContaining("does not answer"),
      expect.stringContaining("does not answer"),
    ]);
  },
);

test("what inputs alone tell is refused all the same", async () => {
  const scene = await failing(new KrStorageError("UNAVAILABLE", "down"));
  expect(await scene.check("volume", "data", volumeInputs("data", { size: "1MiB" }), inputs.volume)).toMatchObject([
    { property: "size" },
  ]);
  expect(await scene.check("volume", "data", volumeInputs("other"), inputs.volume)).toMatchObject([
    { property: "name" },
  ]);
});

test("without a look no permission is believed", async () => {
  const scene = await failing(new KrStorageError("UNAVAILABLE", "down"));
  expect(
    await scene.check("volume", "data", volumeInputs("other", { allowDataLoss: "a".repeat(32) }), inputs.volume),
  ).toMatchObject([{ property: "name" }]);
});

test("a bug of a driver is not taken for an unreachable backend", async () => {
  const scene = await failing(new TypeError("x is not a function"));
  await expect(scene.check("volume", "data", inputs.volume, inputs.volume)).rejects.toMatchObject({ code: "INTERNAL" });
});

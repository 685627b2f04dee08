import { Worker } from "node:worker_threads";
import { poolPaths } from "../../../provider/drivers/local/layout";
import { readMarker } from "../../../provider/drivers/local/marker";
import { Scene } from "./support/scene";

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.start();
});
afterEach(() => scene.end());

/** What another program does that writes the marker again and again. */
const replacing = `
  const { copyFileSync, renameSync } = require("node:fs");
  const { workerData } = require("node:worker_threads");
  for (;;) {
    copyFileSync(workerData, workerData + ".next");
    renameSync(workerData + ".next", workerData);
  }
`;

test("a marker that is replaced while it is read is read: the old one or the new one", async () => {
  const paths = poolPaths(scene.path, scene.ref.name);
  const identity = readMarker(paths, "main/ssd")?.identity;
  const writer = new Worker(replacing, { eval: true, workerData: paths.marker });
  try {
    const found = Array.from({ length: 20_000 }, () => readMarker(paths, "main/ssd")?.identity);
    expect(new Set(found)).toEqual(new Set([identity]));
  } finally {
    await writer.terminate();
  }
});

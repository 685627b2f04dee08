import { mkdirSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { poolPaths } from "../../../provider/drivers/local/layout";
import { Scene } from "./support/scene";

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.start();
});
afterEach(() => scene.end());

/** What other programs do that make and delete objects: links come and go. */
const linking = `
  const { symlinkSync, unlinkSync } = require("node:fs");
  const { workerData, parentPort } = require("node:worker_threads");
  const { folder, target } = workerData;
  parentPort.postMessage("begun");
  for (;;) {
    for (let number = 0; number < 50; number += 1) symlinkSync(target, folder + "/other-" + number);
    for (let number = 0; number < 50; number += 1) unlinkSync(folder + "/other-" + number);
  }
`;

test("a check goes on where another program removes a link that was just listed", async () => {
  const volume = await scene.volume("data");
  const { volumes } = poolPaths(scene.path, scene.ref.name);
  mkdirSync(volumes, { recursive: true });
  const target = `../data/${volume.record.uid}/disk.raw`;
  const other = new Worker(linking, { eval: true, workerData: { folder: volumes, target } });
  try {
    await new Promise((resolve) => other.once("message", resolve));
    for (let round = 0; round < 200; round += 1) await scene.fsck(false);
  } finally {
    await other.terminate();
  }
  await scene.fsck(true);
  expect(await scene.fsck(false)).toEqual([]);
}, 30_000);

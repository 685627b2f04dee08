import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { poolPaths } from "../../../provider/drivers/local/layout";
import { readMarker } from "../../../provider/drivers/local/marker";
import { call, Scene } from "./support/scene";

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

/** Another program that changes the pool's labels each time it is told to. */
const changing = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { localDriver } = require(workerData.module);
  const silent = () => undefined;
  const clock = { now: Date.now, uptime: () => performance.now(), bootId: () => "boot" };
  const env = { clock, log: { debug: silent, info: silent, warn: silent } };
  const driver = localDriver.open({ name: "main", options: { path: workerData.path } }, env);
  const call = { signal: new AbortController().signal, actor: { by: "tester@unit", stack: "dev" } };
  // A busy program is late with what it does after a commit
  const spin = () => { const end = performance.now() + workerData.busyMs; while (performance.now() < end); };
  setInterval(spin, 1);
  let round = 0;
  parentPort.on("message", async () => {
    await driver.updatePool({ name: "ssd" }, workerData.match, { labels: { round: String(round++) } }, call);
    parentPort.postMessage("done");
  });
`;

test("the marker carries the last change, whoever of several was the last", async () => {
  const { uid, claim } = scene.pool.record;
  const module = require.resolve("../../../provider/drivers/local");
  const workerData = { module, path: scene.path, match: { uid, claim } };
  const programs = [0, 2, 5].map(
    (busyMs) => new Worker(changing, { eval: true, workerData: { ...workerData, busyMs } }),
  );
  try {
    for (let round = 0; round < 100; round += 1) {
      const changed = programs.map((program) => once(program, "message"));
      for (const program of programs) program.postMessage("change");
      await Promise.all(changed);
      const stored = await scene.driver.readPool(scene.ref, call);
      expect(readMarker(poolPaths(scene.path, scene.ref.name), "main/ssd")?.record).toEqual(stored?.record);
    }
  } finally {
    for (const program of programs) await program.terminate();
  }
}, 60_000);

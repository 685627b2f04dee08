import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cephDriver } from "../../../provider/drivers/ceph";
import { Cluster } from "../../../provider/drivers/ceph/cluster";
import { Worker } from "../../../provider/drivers/ceph/worker";
import type { StoredObject } from "../../../provider/drivers/driver";
import { KrStorageError } from "../../../provider/model/errors";
import { openStorage } from "../../../provider/storage";
import { testClock, testEnv } from "../../../provider/testing";
import { type Bench, call, hourMs, matchOf } from "../../../provider/testing/bench";
import { cephHarness, optionsFor } from "../../contract/harnesses/ceph";
import { killAll } from "../../engine/support/processes";
import { describeWith } from "../../support/requires";
import { cephConfig } from "../support/cephBackend";
import { withBench } from "../support/cephBench";
import { clusterForTests } from "../support/cephCluster";
import { CephDaemons } from "../support/cephDaemons";
import { driverOn } from "../support/driverOn";
import { driverProcesses } from "../support/driverProcesses";
import { refusal } from "../support/refusal";

describeWith({ needs: ["ceph"] }, "ceph: daemons and processes that are killed", () => {
  const cluster = clusterForTests();
  const harness = cephHarness(cluster);
  let bench: Bench;

  withBench(harness, 30_000, (made) => {
    bench = made;
  });

  const pidOf = (daemon: string) => Number(readFileSync(join(cluster().folder, "run", `${daemon}.pid`), "utf8"));
  const daemons = new CephDaemons(cluster);
  /** The addresses of those who have asked a pool for the time in the last minute. */
  const clockLockers = async (pool: string): Promise<string[]> => {
    const where = ["--conf", cluster().conf, "-p", pool, "-N", "krstorage"];
    const told = execFileSync("rados", [...where, "lock", "info", "krstorage.clock", "clock", "--format", "json"]);
    const { lockers } = JSON.parse(told.toString()) as { lockers: { addr: string }[] };
    return lockers.map(({ addr }) => addr);
  };
  /** A client that has died keeps others of the file system waiting for a minute. */
  const forgetMountsOf = (id: string) => {
    const mds = (...args: string[]) =>
      execFileSync("ceph", ["--conf", cluster().conf, "tell", "mds.a", ...args], { stdio: "pipe" });
    const sessions = JSON.parse(mds("session", "ls").toString()) as {
      id: number;
      client_metadata: { entity_id?: string };
    }[];
    for (const each of sessions) if (each.client_metadata.entity_id === id) mds("session", "evict", `id=${each.id}`);
  };
  const imagesIn = (pool: string) =>
    execFileSync("rbd", ["--conf", cluster().conf, "ls", pool], { timeout: 60_000 })
      .toString()
      .split("\n")
      .filter(Boolean);

  test("a process that is killed while it makes 50 volumes: the next run ends with exactly the declared ones", async () => {
    const id = `main/${bench.ref.name}`;
    const library = join(__dirname, "../../../provider/storage/index.js");
    const program = `
      const { openStorage } = require(${JSON.stringify(library)});
      const storage = openStorage({ backends: ${JSON.stringify(cephConfig(cluster()))} });
      const names = Array.from({ length: 50 }, (_, index) => "data-" + index);
      Promise.all(names.map((name) => storage.createVolume(${JSON.stringify(`${id}/`)} + name, { size: "1MiB" })))
        .then(() => storage.close())
        .then(() => process.stdout.write("done"));`;
    const run = () => spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    for (const images of [3, 15, 30]) {
      const killed = run();
      await until(async () => imagesIn(bench.ref.name).length >= images);
      killed.kill("SIGKILL");
    }
    const storage = openStorage({ backends: cephConfig(cluster()) });
    try {
      for (let index = 0; index < 50; index++)
        await storage.createVolume(`${id}/data-${index}`, { size: "1MiB" }).catch((error: unknown) => {
          if (!KrStorageError.isInstance(error) || error.code !== "ALREADY_EXISTS") throw error;
        });
    } finally {
      await storage.close();
    }
    await sleep(7_000); // what a killed run has half-made is its for six seconds
    await bench.driver.fsck(bench.ref, { repair: true }, call());
    const contents = await bench.contents();
    expect(contents.map(({ record }) => record.name).sort()).toEqual(
      Array.from({ length: 50 }, (_, index) => `data-${index}`).sort(),
    );
    expect(contents.every(({ phase, health }) => phase === "live" && health === "ready")).toBe(true);
    expect(imagesIn(bench.ref.name).sort()).toEqual(
      contents.map(({ record }) => `${record.name}.${record.uid}`).sort(),
    );
  }, 120_000);

  test("what a manager was asked that did not answer in time is not sent again when there is one", async () => {
    const [share, other] = [await bench.share("home"), await bench.share("other")];
    const driver = driverOn(cluster(), Cluster, { answerSeconds: 4 });
    const grow = (of: StoredObject, times: number) =>
      driver.grow(bench.ref, matchOf(of), times * of.record.sizeBytes, call());
    const held = async () => {
      const { objects } = await driver.list(bench.ref, call());
      const found = objects.find(({ record }) => record.uid === share.record.uid) as StoredObject;
      return [found.record.sizeBytes, found.actualSizeBytes].map((bytes) => bytes / share.record.sizeBytes);
    };
    await grow(share, 2);
    const start = await daemons.kill("mgr.x");
    const late = await refusal(grow(share, 4));
    expect([late.code, late.outcome]).toEqual(["UNAVAILABLE", "unknown"]);
    forgetMountsOf("x");
    start();
    // What was sent again would be done before what is asked only now
    await until(async () => (await grow(other, 2)) !== undefined);
    expect(await held()).toEqual([2, 2]);
    await until(async () => (await grow(share, 4)) !== undefined);
    expect(await held()).toEqual([4, 4]);
    await driver.close();
  }, 180_000);

  test("a monitor that stands still: UNAVAILABLE in time, nothing is taken for empty, and afterwards all goes on", async () => {
    const volume = await bench.stampedVolume("data", "kept");
    const options = { ...optionsFor(cluster()), answerSeconds: 2 };
    const driver = cephDriver.open({ name: "test", options }, testEnv(testClock()));
    await driver.list(bench.ref, call());
    process.kill(pidOf("mon.a"), "SIGSTOP");
    try {
      for (const attempt of [() => driver.list(bench.ref, call()), () => driver.readPool(bench.ref, call())]) {
        const error = await attempt().then(
          () => undefined,
          (thrown: unknown) => thrown as KrStorageError,
        );
        expect([error?.code, error?.retryable]).toEqual(["UNAVAILABLE", true]);
      }
    } finally {
      process.kill(pidOf("mon.a"), "SIGCONT");
    }
    await until(async () => (await driver.list(bench.ref, call())).objects.length === 1);
    await driver.close();
    await bench.assertBytes(volume, "kept");
  }, 120_000);

  test("by a monitor that does not answer no pool is taken for one that is not there, or was removed", async () => {
    const driver = driverOn(cluster(), Cluster, { answerSeconds: 2 });
    await driver.list(bench.ref, call());
    process.kill(pidOf("mon.a"), "SIGSTOP");
    try {
      for (const attempt of [
        () => driver.removePool(bench.ref, matchOf(bench.pool), call()),
        () => driver.readPool({ name: bench.ref.name }, call()),
        () => driver.readPool({ name: "never-made" }, call()),
      ])
        expect((await refusal(attempt())).code).toBe("UNAVAILABLE");
    } finally {
      process.kill(pidOf("mon.a"), "SIGCONT");
    }
    await driver.close();
    await until(async () => (await bench.list()).objects.length === 0);
  }, 120_000);

  test("a write that was made, after which nothing answers any more, is not told to be none", async () => {
    let isArmed = false;
    /** Writes; then its process is gone, and the monitor does not let a new one in. */
    class CutOff extends Cluster {
      override async writeTable(...args: Parameters<Cluster["writeTable"]>): Promise<boolean> {
        const isWritten = await super.writeTable(...args);
        if (!isArmed) return isWritten;
        process.kill(pidOf("mon.a"), "SIGSTOP");
        const answer = super.tableGeneration(args[0]);
        killAll(driverProcesses());
        await answer.catch(() => undefined);
        throw new KrStorageError("UNAVAILABLE", "the answer was lost", { outcome: "unknown" });
      }
    }
    const driver = driverOn(cluster(), CutOff, { answerSeconds: 2 });
    await driver.list(bench.ref, call());
    isArmed = true;
    try {
      const change = { labels: { is: "written" } };
      const error = await refusal(driver.updatePool(bench.ref, matchOf(bench.pool), change, call()));
      expect([error.code, error.outcome]).toEqual(["UNAVAILABLE", "unknown"]);
    } finally {
      process.kill(pidOf("mon.a"), "SIGCONT");
    }
    await driver.close();
    await until(async () => (await bench.list()).pool.record.labels.is === "written");
  }, 120_000);

  test("deletes whose connection dies in the middle of them are finished by the next one", async () => {
    const volumes = await Promise.all(["a", "b", "c", "d"].map((name) => bench.volume(name)));
    /** Its process is gone with what it was just asked. */
    class Dying extends Cluster {
      override moveToTrash(...args: Parameters<Cluster["moveToTrash"]>): Promise<boolean> {
        const moved = super.moveToTrash(...args);
        if (!isDead) killAll(driverProcesses());
        isDead = true;
        return moved;
      }
    }
    let isDead = false;
    const driver = driverOn(cluster(), Dying);
    await driver.list(bench.ref, call());
    const trashed = await Promise.all(
      volumes.map((volume) => driver.trash(bench.ref, matchOf(volume), hourMs, call())),
    );
    expect(trashed.map((object) => object?.phase)).toEqual(volumes.map(() => "trashed"));
    expect(isDead).toBe(true);
    await driver.close();
    expect((await bench.list()).objects.map(({ phase, health }) => [phase, health])).toEqual(
      volumes.map(() => ["trashed", "ready"]),
    );
  }, 240_000);

  test("a connection that the cluster has cut off is replaced: looks go through, and of a write it is said that nobody knows", async () => {
    /** Has the cluster cut off whoever asks for the time by this. What it is worth shows when the OSDs have heard of it. */
    const cutOff = async (askTime: () => Promise<unknown>) => {
      const known = await clockLockers(bench.ref.name);
      await askTime();
      const [own, ...others] = (await clockLockers(bench.ref.name)).filter((address) => !known.includes(address));
      expect(others).toEqual([]);
      await harness.user.command({ prefix: "osd blocklist", blocklistop: "add", addr: own });
    };
    const before = driverProcesses();
    const driver = driverOn(cluster());
    const list = () => driver.list(bench.ref, call());
    await cutOff(list);
    const [pid] = driverProcesses().filter((each) => !before.includes(each));
    while (driverProcesses().includes(pid as number)) expect((await list()).objects).toEqual([]);
    const made = await driver.create(bench.ref, bench.volumeInputs("data"), call());
    expect((await bench.contents()).map(({ record }) => record.uid)).toEqual([made.record.uid]);
    await driver.close();
    // Single requests, without the looks that a call of the driver begins with
    const worker = new Worker("test", optionsFor(cluster()));
    const requests = new Cluster(worker, "test");
    const id = (await requests.poolId(bench.ref.name)) as number;
    await cutOff(() => requests.now(id));
    const write = (count: number) => requests.createImage(id, `krs-test.${count}`, 2 ** 20, null);
    let count = 1;
    let failed: unknown;
    while (failed === undefined)
      await write(count).then(
        () => {
          count += 1;
        },
        (error: unknown) => {
          failed = error;
        },
      );
    expect(failed).toMatchObject({ code: "UNAVAILABLE", retryable: true, outcome: "unknown" });
    expect(await write(count + 1)).toEqual(expect.any(String));
    await worker.close();
  }, 120_000);

  test("without a manager volumes are made, listed, copied and deleted all the same", async () => {
    process.kill(pidOf("mgr.x"), "SIGKILL");
    const volume = await bench.stampedVolume("data", "kept");
    await bench.assertBytesInCopy(await bench.snapshot(volume, "one"), "kept");
    await bench.trash(await bench.volume("gone"));
    expect((await bench.contents()).length).toBe(4);
  }, 120_000);

  test("an OSD that is killed while volumes are made: all are there, with their bytes", async () => {
    const making = Promise.all(
      Array.from({ length: 30 }, (_, index) => bench.stampedVolume(`data-${index}`, `${index}`)),
    );
    process.kill(pidOf("osd.1"), "SIGKILL");
    const volumes = await making;
    for (const [index, volume] of volumes.entries()) await bench.assertBytes(volume, `${index}`);
    const contents = await bench.contents();
    expect(contents.filter(({ phase, health }) => phase === "live" && health === "ready").length).toBe(30);
  }, 120_000);
});

/** Waits for what will come about, however long that takes here. */
async function until(isThere: () => Promise<boolean>): Promise<void> {
  while (!(await isThere().catch(() => false))) await sleep(200);
}

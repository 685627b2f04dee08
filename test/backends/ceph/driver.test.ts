import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cephDriver } from "../../../provider/drivers/ceph";
import { Cluster } from "../../../provider/drivers/ceph/cluster";
import type { Driver, StoredObject } from "../../../provider/drivers/driver";
import { newUid } from "../../../provider/drivers/record";
import { hasCode, KrStorageError } from "../../../provider/model/errors";
import { testClock, testEnv } from "../../../provider/testing";
import { type Bench, call, matchOf } from "../../../provider/testing/bench";
import { cephHarness, optionsFor } from "../../contract/harnesses/ceph";
import { describeWith } from "../../support/requires";
import { imageOf, sha256, withBench } from "../support/cephBench";
import { sharedCluster } from "../support/cephCluster";
import { driverOn } from "../support/driverOn";
import { refusal } from "../support/refusal";
import { withRequests } from "../support/requests";
import { workersOf } from "../support/workers";

describeWith({ needs: ["ceph"] }, "ceph: what the contract does not say", () => {
  const cluster = sharedCluster();
  const harness = cephHarness(cluster);
  const { user } = harness;
  let bench: Bench;

  beforeAll(() => harness.cleanup());
  withBench(harness, 30_000, (made) => {
    bench = made;
  });

  const rbd = (...args: string[]) => {
    const { conf } = cluster();
    return execFileSync("rbd", ["--conf", conf, ...args], { maxBuffer: 2 ** 28, timeout: 60_000, stdio: "pipe" });
  };

  test("data path: what the rbd tool reads by a connection is what was written, through clone, grow and rollback", async () => {
    const volume = await bench.volume("data");
    const bytes = Buffer.alloc(bench.unit, "all of it ");
    await harness.writeBytes(volume, 0, bytes);
    const exported = (each: StoredObject) => rbd("export", `${imageOf(each).pool}/${imageOf(each).image}`, "-");
    expect(sha256(exported(volume))).toBe(sha256(bytes));
    const snapshot = await bench.snapshot(volume, "one");
    const clone = await bench.clone(snapshot, "copy", { sizeBytes: 2 * bench.unit });
    expect(sha256(exported(clone))).toBe(sha256(Buffer.concat([bytes, Buffer.alloc(bench.unit)])));
    await harness.writeBytes(volume, 0, Buffer.alloc(4096, "other"));
    const back = await bench.driver.rollback(bench.ref, matchOf(volume), snapshot.record.uid, call());
    expect(sha256(exported(back))).toBe(sha256(bytes));
  }, 60_000);

  test("a name that is used again leads an old connection to nothing", async () => {
    const old = await bench.stampedVolume("data", "old");
    await bench.trash(old);
    const next = await bench.volume("data");
    expect(imageOf(next).image).not.toBe(imageOf(old).image);
    await expect(harness.readBytes(old, 0, 16)).rejects.toThrow(/ImageNotFound/);
  });

  test("limits are librbd's own, follow an update, and go when they are taken off", async () => {
    const settings = { qos: { iops: 50, throughput: "10MiB/s" } };
    const volume = await bench.volume("data", { settings });
    const limits = async () => user.do("settings", imageOf(volume));
    expect(await limits()).toEqual({
      conf_rbd_qos_iops_limit: "50",
      conf_rbd_qos_bps_limit: String(10 * 2 ** 20),
    });
    await bench.driver.update(bench.ref, matchOf(volume), { settings: { qos: { readIops: 7 } } }, call());
    expect(await limits()).toEqual({ conf_rbd_qos_read_iops_limit: "7" });
    await bench.driver.update(bench.ref, matchOf(volume), { settings: {} }, call());
    expect(await limits()).toEqual({});
  });

  test("limits that are recorded and refused by the cluster: the error does not say that nothing was changed", async () => {
    class Refusing extends Cluster {
      override async configureImage(): Promise<void> {
        throw new KrStorageError("PERMISSION_DENIED", "not allowed", { outcome: "not-applied" });
      }
    }
    const volume = await bench.volume("data");
    const driver = driverOn(cluster(), Refusing);
    const change = { settings: { qos: { iops: 50 } } };
    const error = await refusal(driver.update(bench.ref, matchOf(volume), change, call()));
    await driver.close();
    expect([error.code, error.outcome]).toEqual(["PERMISSION_DENIED", "unknown"]);
  });

  test("limits that were recorded and are not in force, as after a kill, are put right by the next update, and by a repair", async () => {
    const volume = await bench.volume("data");
    const limits = async () => user.do("settings", imageOf(volume));
    const record = (iops: number) =>
      harness.editRecord?.(bench.pool, volume.record.uid, (record) => {
        record.settings = { qos: { iops } };
      });
    await record(70);
    expect(await limits()).toEqual({});
    await bench.driver.update(bench.ref, matchOf(volume), { labels: { tier: "db" } }, call());
    expect(await limits()).toEqual({ conf_rbd_qos_iops_limit: "70" });
    await record(80);
    const finding = { object: volume.record.uid, message: expect.stringContaining("limits") };
    const found = await bench.driver.fsck(bench.ref, { repair: false }, call());
    expect(found).toContainEqual({ ...finding, repaired: false });
    expect(await bench.driver.fsck(bench.ref, { repair: true }, call())).toContainEqual({ ...finding, repaired: true });
    expect(await limits()).toEqual({ conf_rbd_qos_iops_limit: "80" });
    expect(await bench.driver.fsck(bench.ref, { repair: false }, call())).toEqual([]);
  });

  test("a clone is held to its own limits, and not to those of what it was made from", async () => {
    const source = await bench.volume("data", { settings: { qos: { iops: 50, throughput: "10MiB/s" } } });
    const free = await bench.clone(source, "free");
    expect(await user.do("settings", imageOf(free))).toEqual({});
    const limited = await bench.clone(await bench.snapshot(source, "one"), "limited", {
      settings: { qos: { readIops: 7 } },
    });
    expect(await user.do("settings", imageOf(limited))).toEqual({ conf_rbd_qos_read_iops_limit: "7" });
    expect(await user.do("settings", imageOf(source))).toMatchObject({ conf_rbd_qos_iops_limit: "50" });
  });

  test("an image with more snapshots than are read at once is seen with all of them", async () => {
    const volume = await bench.volume("data");
    const { self } = volume.record;
    await user.do("pretend_snapshots", { pool: bench.ref.name, id: self, count: 2500 });
    const { found } = await withRequests(cluster(), async (requests) =>
      requests.images((await requests.poolId(bench.ref.name)) ?? 0, [self]),
    );
    expect(new Set(found[self]?.[1]).size).toBe(2500);
  });

  test("labels never become settings of an image", async () => {
    const volume = await bench.volume("data", { labels: { conf_rbd_cache: "false" } });
    expect(await user.do("settings", imageOf(volume))).toEqual({});
  });

  test("a snapshot that somebody else took is not taken along by a purge", async () => {
    const volume = await bench.stampedVolume("data", "kept");
    await user.do("snap", { ...imageOf(volume), snapshot: "theirs" });
    await bench.trash(volume);
    const { uid } = volume.record;
    const error = await refusal(bench.driver.purge(bench.ref, { uid, allowDataLoss: uid }, call()));
    expect([error.code, error.message]).toEqual(["IN_USE", expect.stringContaining("theirs")]);
    await bench.assertBytes(await bench.undelete(volume), "kept");
  });

  test("a pool with an image of somebody else's is not removed, and goes on", async () => {
    const { name } = bench.ref;
    rbd("create", "--size", "1M", `${name}/theirs`);
    const error = await refusal(bench.driver.removePool(bench.ref, matchOf(bench.pool), call()));
    expect([error.code, error.message]).toEqual(["IN_USE", expect.stringContaining("theirs")]);
    await bench.volume("data");
    expect(rbd("ls", name).toString()).toContain("theirs");
  });

  test("a pool with objects of another application is not removed", async () => {
    const { name } = bench.ref;
    const file = join(cluster().folder, "theirs");
    writeFileSync(file, "theirs");
    const { conf } = cluster();
    execFileSync("rados", ["--conf", conf, "-p", name, "put", "letters.txt", file]);
    const error = await refusal(bench.driver.removePool(bench.ref, matchOf(bench.pool), call()));
    expect([error.code, error.message]).toEqual(["IN_USE", expect.stringContaining("letters.txt")]);
  });

  test("blocks that a clone needs outlive the purge of its source, and go when the clone has gone", async () => {
    const source = await bench.stampedVolume("source", "kept");
    const clone = await bench.clone(source, "clone");
    const { uid } = source.record;
    await bench.trash(source);
    expect(await bench.driver.purge(bench.ref, { uid, allowDataLoss: uid }, call())).toBe(true);
    await bench.assertBytes(clone, "kept");
    await bench.trash(clone);
    const cloneUid = clone.record.uid;
    await bench.driver.purge(bench.ref, { uid: cloneUid, allowDataLoss: cloneUid }, call());
    await bench.driver.fsck(bench.ref, { repair: true }, call());
    expect(rbd("trash", "ls", "--all", bench.ref.name).toString()).toBe("");
    expect(await bench.driver.removePool(bench.ref, matchOf(bench.pool), call())).toBe("removed");
  });

  test("a create whose maker was killed is undone by the next one of its name, and by a repair", async () => {
    const inputs = bench.volumeInputs("data");
    await abandonedCreate(inputs.uid);
    expect((await bench.expect(inputs.uid, "creating")).record.name).toBe("data");
    expect((await refusal(bench.volume("data"))).code).toBe("ALREADY_EXISTS");
    await harness.clock.advance(60_000);
    const made = await bench.volume("data");
    expect(made.phase).toBe("live");
    expect(await bench.find(inputs.uid)).toBeUndefined();
    const second = newUid();
    await abandonedCreate(second, "other");
    await harness.clock.advance(60_000);
    const findings = await bench.driver.fsck(bench.ref, { repair: true }, call());
    // Beside the second copy of what this test has written into the table by hand
    expect(findings).toContainEqual({
      object: second,
      message: expect.stringContaining("interrupted"),
      repaired: true,
    });
    expect(rbd("ls", bench.ref.name).toString().trim()).toBe(imageOf(made).image);
  });

  /** Leaves a pool as a process that was killed between making the image and publishing it. */
  async function abandonedCreate(uid: string, name = "data"): Promise<void> {
    const pool = bench.ref.name;
    const made = await bench.volume(`${name}-model`, { uid });
    const entry = JSON.parse((await user.do("read_table", { pool, key: `o.${uid}` })) as string);
    Object.assign(entry, { name, phase: "creating", leaseUntil: Date.now() + 20_000 });
    entry.record.name = name;
    rbd("rename", `${pool}/${imageOf(made).image}`, `${pool}/${name}.${uid}`);
    entry.image.name = `${name}.${uid}`;
    await user.do("edit_table", { pool, key: `o.${uid}`, value: JSON.stringify(entry) });
    await user.do("edit_table", { pool, key: `n.${name}`, value: JSON.stringify(uid) });
    await user.do("drop_key", { pool, key: `n.${name}-model` });
  }

  test("an image in the cluster's trash whose record is live is reported, and a repair restores it", async () => {
    const volume = await bench.stampedVolume("data", "kept");
    const { pool, image } = imageOf(volume);
    rbd("trash", "mv", `${pool}/${image}`);
    expect((await bench.expect(volume.record.uid, "live")).health).toBe("damaged");
    const [finding] = await bench.driver.fsck(bench.ref, { repair: true }, call());
    expect(finding?.repaired).toBe(true);
    await bench.assertBytes(await bench.expect(volume.record.uid, "live"), "kept");
  });

  test("the pool's clock is the cluster's: it is the machine's time here, whatever the caller's clock says", async () => {
    const clock = testClock();
    const driver = cephDriver.open({ name: "test", options: optionsFor(cluster()) }, testEnv(clock));
    const before = Date.now();
    const { at } = await driver.list(bench.ref, call());
    await driver.close();
    expect(at).toBeGreaterThanOrEqual(before - 1);
    expect(at).toBeLessThanOrEqual(Date.now() + 1);
  });

  test("a quota that the operator has set on the pool is its capacity", async () => {
    const { name } = bench.ref;
    await user.command({ prefix: "osd pool set-quota", pool: name, field: "max_bytes", val: String(4 * bench.unit) });
    const { capacity } = (await bench.list()).pool;
    expect([capacity.totalBytes, capacity.freeBytes]).toEqual([4 * bench.unit, 4 * bench.unit]);
    const error = await refusal(bench.volume("data", { sizeBytes: 5 * bench.unit }));
    expect(error.code).toBe("QUOTA_EXCEEDED");
  });

  test("a wrong key is UNAUTHENTICATED, and no key stands in the message", async () => {
    const key = execFileSync("ceph-authtool", ["--gen-print-key"]).toString().trim();
    const error = await refusal(
      withOptions({ keyring: undefined, key, answerSeconds: 4 }, (driver) => driver.listPools(call())),
    );
    expect([error.code, error.message]).toEqual(["UNAUTHENTICATED", expect.stringContaining("keyring")]);
    expect(JSON.stringify(error) + String(error.stack)).not.toContain(key);
  }, 60_000);

  test("what is no key at all is UNAUTHENTICATED too", async () => {
    const key = "bm8ga2V5IGF0IGFsbA==";
    const error = await refusal(
      withOptions({ keyring: undefined, key, answerSeconds: 4 }, (driver) => driver.listPools(call())),
    );
    expect([error.code, error.message]).toEqual(["UNAUTHENTICATED", expect.stringContaining("keyring")]);
  }, 60_000);

  test("monitors that nobody answers for are UNAVAILABLE within the time that was set", async () => {
    const options = { monitors: ["127.0.0.1:1"], answerSeconds: 2 };
    const error = await refusal(withOptions(options, (driver) => driver.listPools(call())));
    expect([error.code, error.retryable]).toEqual(["UNAVAILABLE", true]);
  }, 60_000);

  test("a Python without Ceph's bindings is an error that says what to install", async () => {
    const error = await refusal(withOptions({ python: "/absent/python3" }, (driver) => driver.listPools(call())));
    expect([error.code, error.message]).toEqual(["UNAVAILABLE", expect.stringContaining("ceph-common")]);
  });

  test("the connection's process is gone when the driver is closed, and a killed one is replaced", async () => {
    const driver = cephDriver.open({ name: "test", options: optionsFor(cluster()) }, testEnv(testClock()));
    await driver.listPools(call());
    const [first] = workersOf(process.pid);
    process.kill(first as number, "SIGKILL");
    await expect(eventually(() => driver.listPools(call()))).resolves.toHaveLength(1);
    await driver.close();
  });

  async function withOptions<Result>(
    changed: Record<string, unknown>,
    act: (driver: Driver) => Promise<Result>,
  ): Promise<Result> {
    const options = { ...optionsFor(cluster()), ...changed };
    const driver = cephDriver.open({ name: "test", options }, testEnv(testClock()));
    try {
      return await act(driver);
    } finally {
      await driver.close();
    }
  }
});

/** A call that is made again while the cluster is away. */
async function eventually<Result>(act: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!hasCode(error, "UNAVAILABLE")) throw error;
    }
  }
}

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cephDriver } from "../../../provider/drivers/ceph";
import { Cluster } from "../../../provider/drivers/ceph/cluster";
import { Worker } from "../../../provider/drivers/ceph/worker";
import type { Driver, StoredObject, StoredPool } from "../../../provider/drivers/driver";
import { newUid } from "../../../provider/drivers/record";
import type { CephPool } from "../../../provider/model/cephPool";
import { KrStorageError } from "../../../provider/model/errors";
import { testClock, testEnv } from "../../../provider/testing";
import { type Bench, call, matchOf, poolInputs, refOf, settingsWith } from "../../../provider/testing/bench";
import { cephHarness, optionsFor } from "../../contract/harnesses/ceph";
import { describeWith } from "../../support/requires";
import { imageOf, sha256, withBench } from "../support/cephBench";
import { clusterForTests } from "../support/cephCluster";
import { driverOn, Gate } from "../support/driverOn";
import { refusal } from "../support/refusal";

describeWith({ needs: ["ceph"] }, "ceph: pools that are made, and pools that are taken over", () => {
  const cluster = clusterForTests();
  const harness = cephHarness(cluster);
  const { user } = harness;
  let bench: Bench;

  withBench(harness, 30_000, (made) => {
    bench = made;
  });

  const run = (program: string, ...args: string[]) =>
    execFileSync(program, ["--conf", cluster().conf, ...args], { maxBuffer: 2 ** 28, timeout: 60_000 }).toString();
  const rbd = (...args: string[]) => run("rbd", ...args);
  const mon = async (command: Record<string, unknown>) =>
    JSON.parse(await user.command({ ...command, format: "json" }));
  const poolNames = async (): Promise<string[]> => mon({ prefix: "osd pool ls" });
  const detailOf = async (pool: string) => {
    const all = (await mon({ prefix: "osd pool ls", detail: "detail" })) as ({ pool_name: string } & Record<
      string,
      unknown
    >)[];
    return all.find(({ pool_name: name }) => name === pool);
  };
  const isFull = async (pool: string) => String((await detailOf(pool))?.flags_names).includes("full");
  const setting = async (pool: string, name: string) => (await mon({ prefix: "osd pool get", pool, var: name }))[name];
  const described = (volume: StoredObject) =>
    JSON.parse(rbd("info", "--format", "json", `${imageOf(volume).pool}/${imageOf(volume).image}`));
  const withCeph = (ceph: CephPool, fields = {}) => ({ settings: settingsWith({ ceph, ...fields }) });
  const purge = async (pool: StoredPool, volume: StoredObject) => {
    const { uid } = volume.record;
    await bench.trash(volume, undefined, refOf(pool));
    await bench.driver.purge(refOf(pool), { uid, allowDataLoss: uid }, call());
  };
  const remove = (pool: StoredPool) => bench.driver.removePool(refOf(pool), matchOf(pool), call());
  /** What the operator of a cluster may do. */
  const asAdmin = async <Result>(act: (driver: Driver) => Promise<Result>): Promise<Result> => {
    const options = { ...optionsFor(cluster()), user: "admin", keyring: cluster().adminKeyring };
    const driver = cephDriver.open({ name: "test", options }, testEnv(testClock()));
    try {
      return await act(driver);
    } finally {
      await driver.close();
    }
  };

  describe("made", () => {
    const ec: CephPool = { erasureCode: { dataChunks: 2, codingChunks: 1 }, failureDomain: "osd" };

    test("erasure-coded: data lies in parts in a pool of its own, through snapshot, clone, growth and rollback; both pools go", async () => {
      const before = await poolNames();
      const pool = await bench.newPool(withCeph(ec));
      const made = (await poolNames()).filter((name) => !before.includes(name)).sort();
      expect(made).toEqual([`krs-data.${pool.record.uid}`, pool.record.name].sort());
      expect(await setting(`krs-data.${pool.record.uid}`, "allow_ec_overwrites")).toBe(true);
      const ref = refOf(pool);
      const volume = await bench.volume("data", {}, ref);
      await bench.stamp(volume, "kept");
      const snapshot = await bench.snapshot(volume, "one", ref);
      const clone = await bench.clone(snapshot, "copy", { sizeBytes: 2 * bench.unit }, ref);
      for (const each of [volume, clone]) expect(described(each).data_pool).toBe(`krs-data.${pool.record.uid}`);
      await bench.stamp(volume, "other");
      await bench.assertBytes(clone, "kept");
      await bench.driver.grow(ref, matchOf(volume), 3 * bench.unit, call());
      await bench.assertBytes(volume, "other");
      await bench.assertBytes(await bench.driver.rollback(ref, matchOf(volume), snapshot.record.uid, call()), "kept");
      expect((await refusal(remove(pool))).code).toBe("IN_USE");
      await purge(pool, clone);
      await purge(pool, snapshot);
      await purge(pool, volume);
      expect(await remove(pool)).toBe("removed");
      expect(await poolNames()).toEqual(before);
    }, 120_000);

    test("an erasure-coded pool has the room that its parts leave, in its preview too", async () => {
      const settings = settingsWith({ ceph: ec });
      const prospect = await bench.driver.prospect("parts", call(), settings);
      const pool = await bench.newPool({ settings });
      expect(pool.capacity.totalBytes).toBe(prospect.totalBytes);
      // 2 of 3 parts are data, where two copies leave a half
      expect(prospect.totalBytes / bench.pool.capacity.totalBytes).toBeCloseTo(4 / 3, 5);
      expect(prospect.capabilities).toEqual(pool.record.capabilities);
    });

    test("an object of somebody else's in the data pool keeps both pools", async () => {
      const pool = await bench.newPool(withCeph(ec));
      const file = join(cluster().folder, "theirs");
      writeFileSync(file, "theirs");
      run("rados", "-p", `krs-data.${pool.record.uid}`, "put", "letters.txt", file);
      const error = await refusal(remove(pool));
      expect([error.code, error.message]).toEqual(["IN_USE", expect.stringContaining("letters.txt")]);
      await bench.stamp(await bench.volume("data", {}, refOf(pool)), "goes on");
    }, 60_000);

    test("a pool without the mark of its own record is not removed", async () => {
      const pool = await bench.newPool();
      const { name } = pool.record;
      await user.command({ prefix: "osd pool application rm", pool: name, app: "krstorage", key: "uid" });
      const error = await refusal(remove(pool));
      expect([error.code, error.message]).toEqual(["PRECONDITION_FAILED", expect.stringContaining("mark")]);
      await bench.volume("data", {}, refOf(pool));
    });

    /** As a removal leaves a pool that was killed after it had marked it, and perhaps renamed it. */
    async function interrupt(pool: StoredPool, { renamed }: { renamed: boolean }): Promise<void> {
      const { name, uid } = pool.record;
      const removal = newUid();
      const value = JSON.parse((await user.do("read_table", { pool: name, key: "pool" })) as string);
      await user.do("edit_table", { pool: name, key: "pool", value: JSON.stringify({ ...value, removing: removal }) });
      if (!renamed) return;
      const rename = (srcpool: string, destpool: string) =>
        user.command({ prefix: "osd pool rename", srcpool, destpool });
      await rename(name, `krs-del.${uid}.${removal}`);
      const data = `krs-data.${uid}`;
      if ((await poolNames()).includes(data)) await rename(data, `krs-del.${uid}.${removal}.data`);
    }
    const nameNow = async (uid: string) =>
      (await poolNames()).find((name) => name.startsWith(`krs-del.${uid}`) && !name.endsWith(".data"));

    test("a removal that was interrupted is ended by the next one, data pool included; what stands against it puts all back", async () => {
      const pool = await bench.newPool(withCeph(ec));
      const { name, uid } = pool.record;
      await interrupt(pool, { renamed: true });
      rbd("create", "--size", "1M", `${await nameNow(uid)}/theirs`);
      expect(await refusal(remove(pool))).toMatchObject({ code: "IN_USE", outcome: "not-applied" });
      expect((await poolNames()).filter((each) => each.includes(uid) || each === name).sort()).toEqual(
        [`krs-data.${uid}`, name].sort(),
      );
      const volume = await bench.volume("data", {}, refOf(pool));
      await bench.stamp(volume, "goes on");
      await purge(pool, volume);
      rbd("rm", `${name}/theirs`);
      await interrupt(pool, { renamed: true });
      expect(await remove(pool)).toBe("removed");
      expect((await poolNames()).filter((each) => each.includes(uid))).toEqual([]);
      expect(await remove(pool)).toBe("gone");
    }, 60_000);

    test("a removal that was interrupted is found by a check, and a repair takes it back", async () => {
      for (const renamed of [false, true]) {
        const pool = await bench.newPool(withCeph(ec));
        const fsck = (repair: boolean) => bench.driver.fsck(refOf(pool), { repair }, call());
        await interrupt(pool, { renamed });
        if (!renamed) expect((await refusal(bench.volume("data", {}, refOf(pool)))).message).toContain("fsck");
        const found = {
          object: expect.stringContaining(pool.record.name),
          message: expect.stringContaining("removal"),
        };
        expect(await fsck(false)).toEqual([{ ...found, repaired: false }]);
        expect(await fsck(true)).toEqual([{ ...found, repaired: true }]);
        expect(await fsck(false)).toEqual([]);
        await bench.stamp(await bench.volume("data", {}, refOf(pool)), "goes on");
      }
    }, 60_000);

    test.each(["renamePool", "deletePool"] as const)(
      "a removal that was held up before it could %s, and taken back by another one meanwhile, ends nothing",
      async (method) => {
        const gate = new Gate();
        class Held extends Cluster {
          override async renamePool(from: string, to: string): Promise<void> {
            if (method === "renamePool") await gate.pass();
            return super.renamePool(from, to);
          }
          override async deletePool(name: string): Promise<void> {
            if (method === "deletePool") await gate.pass();
            return super.deletePool(name);
          }
        }
        const pool = await bench.newPool(withCeph(ec));
        const { uid, name } = pool.record;
        const slow = driverOn(cluster(), Held);
        const held = slow.removePool(refOf(pool), matchOf(pool), call()).catch((error: unknown) => error);
        await gate.reached;
        // Another one sees what it cannot end, and lets the pool be
        rbd("create", "--size", "1M", `${(await nameNow(uid)) ?? name}/theirs`);
        expect((await refusal(remove(pool))).code).toBe("IN_USE");
        rbd("rm", `${name}/theirs`);
        const volume = await bench.volume("data", {}, refOf(pool));
        await bench.stamp(volume, "kept");
        gate.open();
        expect(await held).toMatchObject({ code: "IN_USE", retryable: true });
        await slow.close();
        expect((await poolNames()).filter((each) => each.includes(uid))).toEqual([`krs-data.${uid}`]);
        await bench.assertBytes(volume, "kept");
        await bench.volume("more", {}, refOf(pool));
      },
      60_000,
    );

    test("of two that remove a pool at the same time one has removed it, and the other one says nothing else", async () => {
      const pool = await bench.newPool(withCeph(ec));
      const others = [bench.driver, await bench.another(), await bench.another()];
      const endings = await Promise.allSettled(
        others.map((driver) => driver.removePool(refOf(pool), matchOf(pool), call())),
      );
      const codes = endings.map((each) => (each.status === "fulfilled" ? each.value : each.reason.code));
      expect(codes.filter((code) => !["removed", "gone", "IN_USE", "UNAVAILABLE", "NOT_FOUND"].includes(code))).toEqual(
        [],
      );
      // Whoever comes next ends it, or is told that it is gone
      expect(await remove(pool)).toMatch(/removed|gone/);
      expect((await poolNames()).filter((each) => each.includes(pool.record.uid))).toEqual([]);
    }, 60_000);

    test("a device class, and what no two copies share: the pool lies on those OSDs alone", async () => {
      for (const id of [0, 1]) {
        await user.command({ prefix: "osd crush rm-device-class", ids: [`osd.${id}`] });
        await user.command({ prefix: "osd crush set-device-class", class: "fast", ids: [`osd.${id}`] });
      }
      await until(async () => "fast" in (await mon({ prefix: "df" })).stats_by_class);
      const ceph: CephPool = { deviceClass: "fast", failureDomain: "osd", replicas: 2, autoscale: "warn", pgNum: 4 };
      const prospect = await bench.driver.prospect("fast", call(), settingsWith({ ceph }));
      const pool = await bench.newPool(withCeph(ceph));
      const { name } = pool.record;
      expect(pool.capacity.totalBytes).toBe(prospect.totalBytes);
      expect(prospect.totalBytes / bench.pool.capacity.totalBytes).toBeCloseTo(2 / 3, 2);
      expect([await setting(name, "size"), await setting(name, "pg_num")]).toEqual([2, 4]);
      expect(await setting(name, "pg_autoscale_mode")).toBe("warn");
      await bench.stamp(await bench.volume("data", {}, refOf(pool)), "kept");
      const rule = await mon({ prefix: "osd crush rule dump", name: await setting(name, "crush_rule") });
      expect(JSON.stringify(rule.steps)).toContain("~fast");
      for (const [wrong, path] of [
        [{ ...ceph, replicas: 3 }, "ceph.replicas"],
        [{ deviceClass: "nvme" }, "ceph.deviceClass"],
        [{ ...ec, failureDomain: "host" }, "ceph.erasureCode"],
        [{ ...ec, deviceClass: "fast" }, "ceph.erasureCode"],
      ] as [CephPool, string][])
        for (const attempt of [
          () => bench.driver.prospect("fast", call(), settingsWith({ ceph: wrong })),
          () => bench.newPool(withCeph(wrong)),
        ]) {
          const error = await refusal(attempt());
          expect([error.code, error.issues[0]?.path]).toEqual(["INVALID_ARGUMENT", path]);
        }
      expect((await poolNames()).filter((each) => /^krs-(new|data|del)\./.test(each))).toEqual([]);
    }, 60_000);

    test("how a pool was made does not change with its settings", async () => {
      const error = await refusal(
        bench.driver.updatePool(
          bench.ref,
          matchOf(bench.pool),
          { settings: settingsWith({ ceph: { replicas: 1 } }) },
          call(),
        ),
      );
      expect([error.code, error.issues[0]?.path]).toEqual(["PRECONDITION_FAILED", "ceph.replicas"]);
      expect((await bench.list()).pool.record).toEqual(bench.pool.record);
    });

    test("names that KRStorage uses in the cluster are no names for pools", async () => {
      for (const name of ["krs-new.a", "krs-data.a", "krs-del.a"]) {
        expect((await refusal(bench.newPool({ name }))).code).toBe("INVALID_ARGUMENT");
        expect((await refusal(bench.driver.prospect(name, call()))).code).toBe("INVALID_ARGUMENT");
      }
    });

    test("prospect refuses a name that a pool of the cluster has", async () => {
      await harness.plantForeign?.("theirs");
      expect((await refusal(bench.driver.prospect("theirs", call()))).code).toBe("ALREADY_EXISTS");
    });
  });

  describe("with a quota", () => {
    const quotaOf = async (pool: string) => (await detailOf(pool))?.quota_max_bytes;

    test("the cluster holds the pool to its capacity; full, nothing is made or grown, and what frees room goes through", async () => {
      const capacityBytes = 8 * bench.unit;
      const settings = settingsWith({ capacityBytes, maxOvercommit: 2, ceph: { quota: true } });
      const pool = await bench.newPool({ settings });
      const ref = refOf(pool);
      expect(await quotaOf(pool.record.name)).toBe(capacityBytes);
      // The quota is the capacity, and takes no reserve of its own off it
      const volume = await bench.volume("data", { sizeBytes: capacityBytes }, ref);
      await harness.writeBytes(volume, 0, Buffer.alloc(capacityBytes, "full"));
      await until(async () => (await bench.list(ref)).pool.capacity.freeBytes === 0);
      for (const attempt of [
        () => bench.volume("more", {}, ref),
        () => bench.driver.grow(ref, matchOf(volume), 9 * bench.unit, call()),
        () => bench.clone(volume, "copy", {}, ref),
      ])
        expect((await refusal(attempt())).code).toBe("QUOTA_EXCEEDED");
      await bench.driver.update(ref, matchOf(volume), { labels: { is: "full" } }, call());
      await purge(pool, volume);
      await until(async () => (await bench.list(ref)).pool.capacity.freeBytes > 0);
      await bench.stamp(await bench.volume("more", {}, ref), "room again");
    }, 120_000);

    test("what the OSDs refuse for want of room is QUOTA_EXCEEDED, at once", async () => {
      const { name } = bench.ref;
      const volume = await bench.volume("data", { sizeBytes: 4 * bench.unit });
      await harness.writeBytes(volume, 0, Buffer.alloc(4 * bench.unit, "full"));
      await user.command({ prefix: "osd pool set-quota", pool: name, field: "max_bytes", val: String(bench.unit) });
      await until(() => isFull(name));
      const worker = new Worker("test", optionsFor(cluster()));
      const requests = new Cluster(worker, "test");
      const id = (await requests.poolId(name)) as number;
      const error = await refusal(requests.createImage(id, "krs-test", bench.unit, null));
      expect([error.code, error.outcome]).toEqual(["QUOTA_EXCEEDED", "not-applied"]);
      await worker.close();
    }, 60_000);

    test("it follows the capacity, by whoever may set it, and is refused to others with nothing changed", async () => {
      const settings = (units: number, quota: boolean) =>
        settingsWith({ capacityBytes: units * bench.unit, ceph: quota ? { quota } : {} });
      // Not under one of the names that our user may do anything to
      const pool = await bench.newPool({ name: "held", settings: settings(8, true) });
      const { name } = pool.record;
      const change = (driver: Driver, units: number, quota: boolean) =>
        driver.updatePool(refOf(pool), matchOf(pool), { settings: settings(units, quota) }, call());
      expect((await refusal(change(bench.driver, 9, true))).code).toBe("PERMISSION_DENIED");
      expect((await bench.list(refOf(pool))).pool.record.settings.capacityBytes).toBe(8 * bench.unit);
      await asAdmin((driver) => change(driver, 9, true));
      expect(await quotaOf(name)).toBe(9 * bench.unit);
      await asAdmin((driver) => change(driver, 9, false));
      expect(await quotaOf(name)).toBe(0);
    });

    test("of two who change it at once the last record's holds, also where the other's request comes late", async () => {
      const gate = new Gate();
      class Late extends Cluster {
        override async setQuota(pool: string, bytes: number): Promise<void> {
          if (bytes === 9 * bench.unit) await gate.pass();
          return super.setQuota(pool, bytes);
        }
      }
      const to = (driver: Driver, units: number) =>
        driver.updatePool(refOf(pool), matchOf(pool), { settings: settings(units) }, call());
      const settings = (units: number) => settingsWith({ capacityBytes: units * bench.unit, ceph: { quota: true } });
      const pool = await bench.newPool({ settings: settings(8) });
      const { adminKeyring } = cluster();
      const late = driverOn(cluster(), Late, { user: "admin", keyring: adminKeyring });
      const held = to(late, 9);
      await gate.reached;
      await asAdmin((driver) => to(driver, 10));
      expect(await quotaOf(pool.record.name)).toBe(10 * bench.unit);
      gate.open();
      await held;
      await late.close();
      expect(await quotaOf(pool.record.name)).toBe(10 * bench.unit);
      expect((await bench.list(refOf(pool))).pool.record.settings.capacityBytes).toBe(10 * bench.unit);
    }, 60_000);

    test("a change that was killed before it is ended by the next one, or by a repair", async () => {
      class Killed extends Cluster {
        override setQuota(): Promise<void> {
          throw new KrStorageError("UNAVAILABLE", "killed", { outcome: "unknown" });
        }
      }
      const settings = (units: number, quota: boolean) =>
        settingsWith({ capacityBytes: units * bench.unit, ceph: quota ? { quota } : {} });
      const pool = await bench.newPool({ settings: settings(8, true) });
      const change = (driver: Driver, units: number, quota: boolean) =>
        driver.updatePool(refOf(pool), matchOf(pool), { settings: settings(units, quota) }, call());
      const killed = driverOn(cluster(), Killed);
      for (const [units, isOn, wanted] of [
        [9, true, 9],
        [9, false, 0],
        [7, true, 7],
      ] as const) {
        for (const mend of [
          (driver: Driver) => change(driver, units, isOn),
          (driver: Driver) => driver.fsck(refOf(pool), { repair: true }, call()),
        ]) {
          await asAdmin((driver) => change(driver, 8, true));
          expect((await refusal(change(killed, units, isOn))).outcome).toBe("unknown");
          expect(await quotaOf(pool.record.name)).toBe(8 * bench.unit);
          expect(await bench.driver.fsck(refOf(pool), { repair: false }, call())).toEqual([
            { object: expect.any(String), message: expect.stringContaining("bytes"), repaired: false },
          ]);
          await asAdmin<unknown>(mend);
          expect(await quotaOf(pool.record.name)).toBe(wanted * bench.unit);
          expect(await bench.driver.fsck(refOf(pool), { repair: false }, call())).toEqual([]);
        }
      }
      await killed.close();
    }, 60_000);

    test("a quota without a capacity is refused", async () => {
      const error = await refusal(bench.driver.prospect("new", call(), settingsWith({ ceph: { quota: true } })));
      expect([error.code, error.issues[0]?.path]).toEqual(["INVALID_ARGUMENT", "ceph.quota"]);
    });
  });

  describe("taken over", () => {
    const existing = withCeph({ existing: true });
    const name = "theirs";
    const yes = { yes_i_really_mean_it: true };
    const bytes = Buffer.alloc(2 ** 20, "not ours ");

    /** A pool of the cluster with an image, a snapshot, a trashed image and an object of others. */
    async function theirs(isMarked = true): Promise<void> {
      await user.command({ prefix: "osd pool create", pool: name, pool_type: "replicated" });
      await user.command({ prefix: "osd pool application enable", pool: name, app: "rbd" });
      if (isMarked) await user.command({ prefix: "osd pool application enable", pool: name, app: "krstorage", ...yes });
      rbd("create", "--size", "4M", `${name}/disk`);
      await user.do("write", { pool: name, image: "disk", offset: 0, bytes: bytes.toString("base64") });
      rbd("snap", "create", `${name}/disk@before`);
      rbd("create", "--size", "1M", `${name}/binned.${newUid()}`);
      for (const { name: image } of JSON.parse(rbd("ls", "-l", "--format", "json", name)) as {
        name: string;
        image: string;
      }[])
        if (image?.startsWith("binned")) rbd("trash", "mv", `${name}/${image}`);
    }
    const everything = () => [
      rbd("ls", name),
      rbd("snap", "ls", `${name}/disk`),
      rbd("trash", "ls", "--all", name),
      sha256(exported()),
    ];
    const exported = () =>
      execFileSync("rbd", ["--conf", cluster().conf, "export", `${name}/disk`, "-"], { maxBuffer: 2 ** 28 });
    const ours = () =>
      run("rados", "-p", name, "ls", "--all")
        .split("\n")
        .filter((line) => line.includes("krstorage"));

    test("only our table and our images are in it; what others have is neither listed, counted nor touched, and stays when the Pool goes", async () => {
      await theirs();
      const before = everything();
      const prospect = await bench.driver.prospect(name, call(), existing.settings);
      expect([prospect.provisionedBytes, prospect.capabilities]).toEqual([0, bench.pool.record.capabilities]);
      expect(prospect.notes).toEqual([expect.stringContaining("left alone")]);
      expect(ours()).toEqual([]);
      const pool = await bench.newPool({ name, ...existing });
      const ref = refOf(pool);
      const empty = await bench.list(ref);
      expect([empty.objects, empty.damaged, empty.pool.capacity.provisionedBytes]).toEqual([[], [], 0]);
      expect(empty.pool.capacity.allocatedBytes).toBe(0);
      const volume = await bench.volume("data", {}, ref);
      await bench.stamp(volume, "ours");
      await bench.assertBytes(volume, "ours");
      const clone = await bench.clone(volume, "copy", {}, ref);
      expect(await bench.driver.fsck(ref, { repair: true }, call())).toEqual([]);
      expect((await refusal(remove(pool))).code).toBe("IN_USE");
      await bench.trash(clone, undefined, ref);
      await purge(pool, volume);
      expect(await remove(pool)).toBe("retired");
      await bench.driver.purge(ref, { uid: clone.record.uid, allowDataLoss: clone.record.uid }, call());
      expect(await remove(pool)).toBe("removed");
      expect(everything()).toEqual(before);
      expect(ours()).toEqual([]);
      expect(await remove(pool)).toBe("gone");
      expect(await bench.driver.readPool({ name }, call())).toBeUndefined();
      const again = await bench.newPool({ name, ...existing });
      expect(again.record.uid).not.toBe(pool.record.uid);
    }, 120_000);

    test("not without being told, and nothing is changed then", async () => {
      await theirs();
      const error = await refusal(bench.newPool({ name }));
      expect([error.code, error.message]).toEqual(["ALREADY_EXISTS", expect.stringContaining("existing")]);
      expect(ours()).toEqual([]);
    });

    test("an operator's mark is what opens it: without one the refusal says how it is given", async () => {
      await theirs(false);
      const { notes } = await bench.driver.prospect(name, call(), existing.settings);
      expect(notes).toContainEqual(expect.stringContaining("application enable theirs krstorage"));
      const error = await refusal(bench.newPool({ name, ...existing }));
      expect([error.code, error.message]).toEqual([
        "PERMISSION_DENIED",
        expect.stringContaining("application enable theirs krstorage"),
      ]);
      expect(ours()).toEqual([]);
      // Whoever may mark it has it taken over, and the mark goes with the Pool
      await asAdmin(async (driver) => {
        const pool = await driver.createPool(poolInputs({ name, ...existing }), call());
        expect(await driver.removePool(refOf(pool), matchOf(pool), call())).toBe("removed");
        expect(Object.keys(await mon({ prefix: "osd pool application get", pool: name }))).toEqual(["rbd"]);
        expect(await driver.removePool(refOf(pool), matchOf(pool), call())).toBe("gone");
      });
      expect(ours()).toEqual([]);
    }, 60_000);

    test("a removal that is refused half-way leaves the pool in use, and goes through when nothing stands against it", async () => {
      await theirs();
      const pool = await bench.newPool({ name, ...existing });
      const share = await bench.driver.create(refOf(pool), bench.shareInputs("home"), call());
      await purge(pool, share);
      const { cephFilesystem } = share.connection as { cephFilesystem: string };
      const group = `krs.${(await detailOf(name))?.pool_id}`;
      const foreign = { vol_name: cephFilesystem, group_name: group, sub_name: "theirs" };
      await user.do("manager", { prefix: "fs subvolume create", ...foreign });
      expect((await refusal(remove(pool))).code).toBe("IN_USE");
      const volume = await bench.volume("data", {}, refOf(pool));
      await bench.stamp(volume, "goes on");
      await purge(pool, volume);
      await user.do("manager", { prefix: "fs subvolume rm", ...foreign });
      expect(await remove(pool)).toBe("removed");
      expect(ours()).toEqual([]);
    }, 120_000);

    test("of two that remove it at once none takes the records of what the other one has kept", async () => {
      await theirs();
      const pool = await bench.newPool({ name, ...existing });
      const gate = new Gate();
      class Held extends Cluster {
        override async dropRecords(id: number, gen: string): Promise<boolean> {
          await gate.pass();
          return super.dropRecords(id, gen);
        }
      }
      const slow = driverOn(cluster(), Held);
      const held = slow.removePool(refOf(pool), matchOf(pool), call()).catch((error: unknown) => error);
      await gate.reached;
      expect(await bench.driver.fsck(refOf(pool), { repair: true }, call())).toMatchObject([{ repaired: true }]);
      const volume = await bench.volume("data", {}, refOf(pool));
      gate.open();
      expect(await held).toMatchObject({ code: "IN_USE", retryable: true });
      await slow.close();
      expect((await bench.list(refOf(pool))).objects.map(({ record }) => record.uid)).toEqual([volume.record.uid]);
      expect(await bench.driver.fsck(refOf(pool), { repair: false }, call())).toEqual([]);
    }, 60_000);

    test("a pool that our user may not look into any more is not taken for one that was removed", async () => {
      await theirs();
      const pool = await bench.newPool({ name, ...existing });
      await user.command({ prefix: "osd pool application disable", pool: name, app: "krstorage", ...yes });
      // Rights follow the mark with the next map of the OSDs
      await until(async () =>
        (await bench.another()).list(refOf(pool), call()).then(
          () => false,
          () => true,
        ),
      );
      expect((await refusal((await bench.another()).removePool(refOf(pool), matchOf(pool), call()))).code).toBe(
        "UNAVAILABLE",
      );
      expect(ours()).not.toEqual([]);
    }, 60_000);

    test("what is no place for images is refused, in preview too", async () => {
      await user.command({ prefix: "osd pool create", pool: "plain", pool_type: "replicated" });
      await user.command({ prefix: "osd pool create", pool: "files", pool_type: "replicated" });
      await user.command({ prefix: "osd pool application enable", pool: "files", app: "cephfs" });
      for (const [pool, code] of [
        ["absent", "NOT_FOUND"],
        ["plain", "PRECONDITION_FAILED"],
        ["files", "PRECONDITION_FAILED"],
      ] as const) {
        const attempts = [
          () => bench.driver.prospect(pool, call(), existing.settings),
          () => bench.newPool({ name: pool, ...existing }),
        ];
        for (const attempt of attempts) {
          const error = await refusal(attempt());
          expect([error.code, error.issues[0]?.path]).toEqual([code, "ceph.existing"]);
        }
      }
      expect(await poolNames()).not.toContain("absent");
    });

    test("a pool that KRStorage made is not taken over as somebody else's", async () => {
      const error = await refusal(bench.newPool({ name: bench.ref.name, ...existing }));
      expect(error.code).toBe("ALREADY_EXISTS");
    });

    test("of several that take it over at the same time exactly one has it", async () => {
      await theirs();
      const others = [bench.driver, await bench.another(), await bench.another()];
      const results = await Promise.allSettled(
        others.map((driver) => driver.createPool(poolInputs({ name, ...existing }), call())),
      );
      expect(results.filter(({ status }) => status === "fulfilled").length).toBe(1);
      for (const result of results) if (result.status === "rejected") expect(result.reason.code).toBe("ALREADY_EXISTS");
    });
  });
});

/** Waits for what the cluster comes to by itself. */
async function until(isThere: () => Promise<boolean>): Promise<void> {
  while (!(await isThere())) await sleep(200);
}

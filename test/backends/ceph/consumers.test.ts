import { cephDriver } from "../../../provider/drivers/ceph";
import type { Driver, DriverEnv, StoredObject } from "../../../provider/drivers/driver";
import { openStorage } from "../../../provider/storage";
import { testClock, testEnv } from "../../../provider/testing";
import { type Bench, call, matchOf, poolInputs, refOf } from "../../../provider/testing/bench";
import { cephHarness, optionsFor } from "../../contract/harnesses/ceph";
import { describeWith } from "../../support/requires";
import { cephConfig } from "../support/cephBackend";
import { sha256, withBench } from "../support/cephBench";
import { clusterForTests } from "../support/cephCluster";
import { keyOfRing, type Reach, runAs } from "../support/consumer";
import { refusal } from "../support/refusal";

describeWith({ needs: ["ceph"] }, "ceph: the user of a pool's volumes", () => {
  const cluster = clusterForTests();
  const harness = cephHarness(cluster);
  const { user } = harness;
  let bench: Bench;

  withBench(harness, 60_000, (made) => {
    bench = made;
  });
  afterEach(async () => {
    for (const name of await usersOfPools()) await user.command({ prefix: "auth rm", entity: name });
  }, 60_000);

  const usersOfPools = async () => {
    const { auth_dump: all } = JSON.parse(await user.command({ prefix: "auth ls", format: "json" }));
    return (all as { entity: string }[]).map(({ entity }) => entity).filter((name) => name.startsWith("client.krs."));
  };
  const connectionOf = ({ connection }: StoredObject) =>
    connection as { type: "rbd"; pool: string; image: string; monitors: string[]; user?: string };
  async function reachOf(volume: StoredObject): Promise<Reach> {
    const { monitors, user: name } = connectionOf(volume);
    const key = await bench.driver.key(bench.ref, volume.record.uid, call());
    return { monitors, user: name ?? "", key: key ?? "" };
  }
  const where = (volume: StoredObject) => `${connectionOf(volume).pool}/${connectionOf(volume).image}`;

  test("connection and key are all it takes to read and write a volume, and snapshots of it", async () => {
    const volume = await bench.volume("data");
    const reach = await reachOf(volume);
    expect(reach.user).toBe(`krs.${bench.pool.record.uid}`);
    runAs(reach, "rbd", ["bench", "--io-type", "write", "--io-size", "64K", "--io-total", "512K", where(volume)]);
    const snapshot = await bench.snapshot(volume, "one");
    const clone = await bench.clone(snapshot, "copy");
    const [written, cloned] = [volume, clone].map((each) => runAs(reach, "rbd", ["export", where(each), "-"]));
    expect(written?.some((byte) => byte !== 0)).toBe(true);
    expect(sha256(cloned as Buffer)).toBe(sha256(written as Buffer));
  }, 60_000);

  test("it reaches neither another pool of ours, nor one of others, nor the records", async () => {
    const volume = await bench.volume("data");
    const other = await bench.newPool();
    const theirs = await bench.volume("theirs", {}, refOf(other));
    await user.command({ prefix: "osd pool create", pool: "foreign", pool_type: "replicated" });
    const reach = await reachOf(volume);
    expect(() => runAs(reach, "rbd", ["export", where(theirs), "-"])).toThrow(/not permitted/);
    expect(() => runAs(reach, "rados", ["-p", "foreign", "ls"])).toThrow(/not permitted/);
    const table = ["-p", connectionOf(volume).pool, "-N", "krstorage"];
    expect(() => runAs(reach, "rados", [...table, "listomapkeys", "krstorage.table"])).toThrow(/not permitted/);
    expect(() => runAs(reach, "rados", [...table, "rm", "krstorage.table"])).toThrow(/not permitted/);
    expect(() => runAs(reach, "ceph", ["osd", "pool", "create", "mine"])).toThrow(/access denied|EACCES/);
    expect(() => runAs(reach, "ceph", ["auth", "ls"])).toThrow(/access denied|EACCES/);
  }, 60_000);

  test("a pool that is renamed in the cluster is the same one to its user", async () => {
    const volume = await bench.stampedVolume("data", "kept");
    const reach = await reachOf(volume);
    const { pool, image } = connectionOf(volume);
    await user.command({ prefix: "osd pool rename", srcpool: pool, destpool: "elsewhere" });
    expect(runAs(reach, "rbd", ["export", `elsewhere/${image}`, "-"])).toHaveLength(bench.unit);
    expect(() => runAs(reach, "rbd", ["export", `${pool}/${image}`, "-"])).toThrow();
    await user.command({ prefix: "osd pool rename", srcpool: "elsewhere", destpool: pool });
  }, 60_000);

  test("the key stands in no list, no record and no message", async () => {
    const told: string[] = [];
    const tell = (message: string) => void told.push(message);
    const env = { ...testEnv(testClock()), log: { debug: tell, info: tell, warn: tell } };
    const volume = await bench.volume("data");
    await withDriver({}, env, async (driver) => {
      const key = (await driver.key(bench.ref, volume.record.uid, call())) as string;
      expect(key.length).toBeGreaterThan(30);
      expect(JSON.stringify([await driver.list(bench.ref, call()), await driver.listPools(call())])).not.toContain(key);
      const cells = await user.do("read_all", { pool: bench.ref.name });
      expect(JSON.stringify(cells)).toContain(volume.record.uid);
      expect(JSON.stringify(cells)).not.toContain(key);
      const error = await refusal(driver.create(bench.ref, bench.volumeInputs(key), call()));
      expect(error.message + error.stack + JSON.stringify(error) + told.join()).not.toContain(key);
      expect(error.message).toContain("[redacted]");
    });
  });

  test("the user goes with its pool", async () => {
    expect(await usersOfPools()).toEqual([`client.krs.${bench.pool.record.uid}`]);
    expect(await bench.driver.removePool(bench.ref, matchOf(bench.pool), call())).toBe("removed");
    expect(await usersOfPools()).toEqual([]);
  });

  test("a user of that name with other capabilities is neither used nor changed", async () => {
    const inputs = poolInputs({});
    const entity = `client.krs.${inputs.uid}`;
    await user.command({ prefix: "auth get-or-create", entity, caps: ["mon", "allow r"] });
    const pool = await bench.newPool(inputs);
    const volume = await bench.volume("data", {}, refOf(pool));
    expect(connectionOf(volume).user).toBeUndefined();
    const error = await refusal(bench.driver.key(refOf(pool), volume.record.uid, call()));
    expect([error.code, error.message]).toEqual(["PRECONDITION_FAILED", expect.stringContaining(entity)]);
    const [{ caps }] = JSON.parse(await user.command({ prefix: "auth get", entity, format: "json" }));
    expect(caps).toEqual({ mon: "allow r" });
  });

  test("where KRStorage may make no users, pools have none, and a key is refused with the reason", async () => {
    await user.command({
      prefix: "auth get-or-create",
      entity: "client.plain",
      caps: ["mon", "profile rbd, allow rw", "mgr", "allow r", "osd", "allow rwx tag krstorage *=*"],
    });
    const key = JSON.parse(await user.command({ prefix: "auth get", entity: "client.plain", format: "json" }))[0].key;
    await withDriver({ user: "plain", keyring: undefined, key }, testEnv(testClock()), async (driver) => {
      const pool = await driver.createPool(poolInputs({}), call());
      const volume = await driver.create(refOf(pool), bench.volumeInputs("data"), call());
      expect(connectionOf(volume).user).toBeUndefined();
      const error = await refusal(driver.key(refOf(pool), volume.record.uid, call()));
      expect([error.code, error.message]).toEqual([
        "PERMISSION_DENIED",
        expect.stringContaining("docs/backends/ceph.md"),
      ]);
      // Where it may be had a repair makes it, and asking for it makes nothing
      const asked = await refusal(bench.driver.key(refOf(pool), volume.record.uid, call()));
      expect([asked.code, asked.message]).toEqual(["PRECONDITION_FAILED", expect.stringContaining("fsck")]);
      expect(await usersOfPools()).not.toContain(`client.krs.${pool.record.uid}`);
      for (const repair of [false, true])
        expect(await bench.driver.fsck(refOf(pool), { repair }, call())).toMatchObject([{ repaired: repair }]);
      expect(await bench.driver.key(refOf(pool), volume.record.uid, call())).toMatch(/^AQ/);
      const [listed] = (await driver.list(refOf(pool), call())).objects;
      expect(connectionOf(listed as StoredObject).user).toBe(`krs.${pool.record.uid}`);
    });
    await user.command({ prefix: "auth rm", entity: "client.plain" });
  }, 60_000);

  test("a frozen backend tells the key that there is, and neither it nor the question of a preview makes a user", async () => {
    const volume = await bench.volume("data");
    const id = `main/${bench.ref.name}/data`;
    const frozen = openStorage({ backends: { main: { ...(cephConfig(cluster()).main as object), readOnly: true } } });
    try {
      const [entity] = await usersOfPools();
      expect(await frozen.key(id)).toEqual({
        user: connectionOf(volume).user,
        key: await bench.driver.key(bench.ref, volume.record.uid, call()),
      });
      const before = await user.do("read_all", { pool: bench.ref.name });
      await user.command({ prefix: "auth rm", entity });
      expect((await refusal(frozen.key(id))).code).toBe("PRECONDITION_FAILED");
      expect(await usersOfPools()).toEqual([]);
      expect(await user.do("read_all", { pool: bench.ref.name })).toEqual(before);
    } finally {
      await frozen.close();
    }
    expect(await bench.driver.fsck(bench.ref, { repair: true }, call())).toMatchObject([{ repaired: true }]);
    expect(await usersOfPools()).toHaveLength(1);
  }, 60_000);

  test("KRStorage's own user is told nothing of what the manager's other modules keep", async () => {
    const { monitors, keyring } = cluster();
    const own = { monitors, user: "krstorage", key: keyOfRing(keyring) };
    expect(runAs(own, "ceph", ["fs", "volume", "ls"]).toString()).toContain("name");
    for (const command of ["crash ls", "balancer status", "device ls"])
      expect(() => runAs(own, "ceph", command.split(" "))).toThrow(/access denied|EACCES|EPERM/);
  }, 60_000);

  test("KRStorage's own user can make and read no other users, nor any with more", async () => {
    const { monitors, keyring } = cluster();
    const own = { monitors, user: "krstorage", key: keyOfRing(keyring) };
    const uid = "0".repeat(32);
    const make = (name: string, caps: string[]) =>
      runAs(own, "ceph", ["auth", "get-or-create", name, ...caps]).toString();
    const caps = {
      mon: "profile rbd",
      osd: `allow rwx namespace="" tag krstorage uid=${uid}`,
      mgr: "allow module krstorage.none r",
      mds: "allow r path=/krstorage.none",
    };
    const listed = (changed: object) => Object.entries({ ...caps, ...changed }).flat();
    const refused = /access denied|EACCES/;
    expect(() => make("client.other", listed({}))).toThrow(refused);
    expect(() => make("client.admin", listed({}))).toThrow(refused);
    for (const changed of [
      { mon: "allow *" },
      { mon: "profile rbd, allow *" },
      { osd: "allow *" },
      { osd: `${caps.osd}, allow *` },
      { osd: 'allow rwx namespace="" tag krstorage *=*' },
      { mgr: "allow *" },
      { mds: "allow *" },
    ])
      expect(() => make(`client.krs.${uid}`, listed(changed))).toThrow(refused);
    expect(() => make(`client.krs.${uid}`, ["mon", caps.mon, "osd", caps.osd])).toThrow(refused);
    expect(() => runAs(own, "ceph", ["auth", "get", "client.admin"])).toThrow(refused);
    expect(() => runAs(own, "ceph", ["auth", "rm", "client.admin"])).toThrow(refused);
    expect(() => runAs(own, "ceph", ["auth", "caps", "client.krstorage", "mon", "allow *"])).toThrow(refused);
    expect(make(`client.krs.${uid}`, listed({}))).toContain("key = ");
  }, 120_000);

  async function withDriver<Result>(
    changed: Record<string, unknown>,
    env: DriverEnv,
    act: (driver: Driver) => Promise<Result>,
  ): Promise<Result> {
    const driver = cephDriver.open({ name: "test", options: { ...optionsFor(cluster()), ...changed } }, env);
    try {
      return await act(driver);
    } finally {
      await driver.close();
    }
  }
});

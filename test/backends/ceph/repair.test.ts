import { execFileSync } from "node:child_process";
import { Cluster } from "../../../provider/drivers/ceph/cluster";
import type { StoredObject } from "../../../provider/drivers/driver";
import { newUid } from "../../../provider/drivers/record";
import { hasCode } from "../../../provider/model/errors";
import { openStorage } from "../../../provider/storage";
import { type Bench, call, matchOf, refOf } from "../../../provider/testing/bench";
import { cephHarness } from "../../contract/harnesses/ceph";
import { describeWith } from "../../support/requires";
import { cephConfig } from "../support/cephBackend";
import { withBench } from "../support/cephBench";
import { sharedCluster } from "../support/cephCluster";
import { driverOn, Gate } from "../support/driverOn";
import { refusal } from "../support/refusal";

const table = "krstorage.table";
const copy = "krstorage.copy";

describeWith({ needs: ["ceph"] }, "ceph: records that are lost or damaged come back from their second copy", () => {
  const cluster = sharedCluster();
  const harness = cephHarness(cluster);
  const { user } = harness;
  let bench: Bench;

  withBench(harness, 30_000, (made) => {
    bench = made;
  });

  const pool = () => bench.ref.name;
  const textIn = async (object: string, key: string) =>
    (await user.do("read_table", { pool: pool(), object, key })) as string | null;
  const edit = (object: string, key: string, value: string) =>
    user.do("edit_table", { pool: pool(), object, key, value });
  const dropKey = (object: string, key: string) => user.do("drop_key", { pool: pool(), object, key });
  const fsck = async (repair: boolean) => (await bench.another()).fsck({ name: pool() }, { repair }, call());
  /** Everything that is told of a pool, apart from what changes by itself. */
  const told = async () => {
    const { pool: listed, objects, policies, damaged } = await (await bench.another()).list(bench.ref, call());
    return { record: listed.record, objects, policies, damaged };
  };

  /** A pool with something of everything in it. */
  async function fill(): Promise<void> {
    const volume = await bench.stampedVolume("data", "kept");
    await bench.clone(await bench.snapshot(volume, "one"), "copy", { labels: { of: "one" } });
    await bench.trash(await bench.stampedVolume("gone", "kept too"));
    const ended = await bench.volume("ended");
    await bench.trash(ended);
    await bench.driver.purge(bench.ref, { uid: ended.record.uid, allowDataLoss: ended.record.uid }, call());
    await bench.policy("nightly");
    await bench.driver.update(bench.ref, matchOf(volume), { labels: { tier: "db" } }, call());
  }

  test("a table that is lost: the pool is neither taken for empty nor made again, and a repair brings all of it back", async () => {
    await fill();
    const before = await told();
    await user.do("drop_object", { pool: pool(), object: table });
    const other = await bench.another();
    for (const attempt of [
      () => other.list(bench.ref, call()),
      () => other.readPool({ name: pool() }, call()),
      () => other.prospect(pool(), call()),
      () => bench.volume("new"),
    ]) {
      const error = await refusal(attempt());
      expect([hasCode(error, "UNAVAILABLE"), String(error)]).toEqual([true, expect.stringContaining("fsck")]);
    }
    const found = [
      { object: expect.stringContaining(pool()), message: expect.stringContaining("4 objects"), repaired: false },
    ];
    expect(await fsck(false)).toEqual(found);
    expect(await fsck(true)).toEqual([{ ...found[0], repaired: true }]);
    expect(await told()).toEqual(before);
    expect(await fsck(false)).toEqual([]);
    const data = before.objects.find(({ record }) => record.name === "data");
    if (data) await bench.assertBytes(data, "kept");
    const gone = before.objects.find(({ record }) => record.name === "gone");
    if (gone) await bench.assertBytes(await bench.undelete(gone), "kept too");
    expect((await refusal(bench.volume("data"))).code).toBe("ALREADY_EXISTS");
  }, 60_000);

  test("a table that has lost the key by which its writers tell that others have written: it is used, checked and repaired all the same", async () => {
    await fill();
    const before = await told();
    const withoutGeneration = () =>
      execFileSync("rados", [
        ...["--conf", cluster().conf, "-p", pool(), "-N", "krstorage"],
        ...["rmomapkey", table, "gen"],
      ]);
    withoutGeneration();
    expect(await told()).toEqual(before);
    // Two who write it now still exclude each other
    const drivers = [await bench.another(), await bench.another()];
    const endings = await Promise.allSettled(
      drivers.map((driver) => driver.create(bench.ref, bench.volumeInputs("new"), call())),
    );
    expect(endings.filter(({ status }) => status === "fulfilled").length).toBe(1);
    expect(await textIn(table, "gen")).toMatch(/^[0-9a-f]{32}$/);
    const now = await told();
    const lost = now.objects.find(({ record }) => record.name === "copy")?.record.uid as string;
    await dropKey(table, `o.${lost}`);
    withoutGeneration();
    expect((await fsck(true)).map(({ object, repaired }) => [object, repaired])).toEqual([[lost, true]]);
    expect(await told()).toEqual(now);
    await edit(table, "pool", "not a record");
    withoutGeneration();
    expect((await refusal(bench.volume("next"))).code).toBe("UNAVAILABLE");
    expect((await fsck(true)).map(({ repaired }) => repaired)).toEqual([true]);
    expect(await told()).toEqual(now);
    expect(await fsck(false)).toEqual([]);
  }, 60_000);

  test("a uid that had ended is not taken again after a repair", async () => {
    const ended = await bench.volume("ended");
    const { uid } = ended.record;
    await bench.trash(ended);
    await bench.driver.purge(bench.ref, { uid, allowDataLoss: uid }, call());
    await user.do("drop_object", { pool: pool(), object: table });
    await fsck(true);
    expect((await refusal(bench.volume("next", { uid }))).code).toBe("ALREADY_EXISTS");
  });

  test("records that cannot be read, or are gone, are restored one by one; the others stay as they are", async () => {
    await fill();
    const before = await told();
    const [data, clone] = ["data", "copy"].map(
      (name) => before.objects.find(({ record }) => record.name === name)?.record,
    );
    await edit(table, `o.${data?.uid}`, "{ torn");
    await dropKey(table, `o.${clone?.uid}`);
    await edit(table, `p.${before.policies[0]?.uid}`, '{"kind":"policy"}');
    expect((await told()).damaged.length).toBe(2);
    const findings = await fsck(false);
    expect(findings.map(({ object, repaired }) => [object, repaired]).sort()).toEqual(
      [data?.uid, clone?.uid, before.policies[0]?.uid].map((uid) => [uid, false]).sort(),
    );
    expect((await fsck(true)).every(({ repaired }) => repaired)).toBe(true);
    expect(await told()).toEqual(before);
    expect(await fsck(false)).toEqual([]);
  }, 60_000);

  test("the record of the pool itself, from the command's library", async () => {
    await fill();
    const before = await told();
    await edit(table, "pool", "not a record");
    const storage = openStorage({ backends: cephConfig(cluster()) });
    try {
      const [finding] = await storage.fsck(`main/${pool()}`, { repair: true });
      expect(finding?.repaired).toBe(true);
    } finally {
      await storage.close();
    }
    expect(await told()).toEqual(before);
  }, 60_000);

  test("a copy that is lost, has fallen behind or is damaged is found, and made anew from the table", async () => {
    await fill();
    const before = await told();
    const [volume] = before.objects.filter(({ record }) => record.name === "data");
    const key = `o.${volume?.record.uid}`;
    const right = await textIn(copy, key);
    expect(right).toBe(await textIn(table, key));
    for (const spoil of [
      () => edit(copy, key, (right as string).replace('"db"', '"old"')),
      () => edit(copy, key, "{ torn"),
      () => dropKey(copy, key),
      () => user.do("drop_object", { pool: pool(), object: copy }),
    ]) {
      await spoil();
      expect((await fsck(false)).map(({ repaired }) => repaired)).toEqual([false]);
      expect((await fsck(true)).map(({ repaired }) => repaired)).toEqual([true]);
      expect(await textIn(copy, key)).toBe(right);
      expect(await fsck(false)).toEqual([]);
    }
    expect(await told()).toEqual(before);
  }, 60_000);

  test("a copy of a record that another image carries, or that is of another pool, restores nothing", async () => {
    const volume = await bench.volume("data");
    const key = `o.${volume.record.uid}`;
    const right = (await textIn(copy, key)) as string;
    await edit(table, key, "{ torn");
    for (const [from, to] of [
      [`"self":"${volume.record.self}"`, '"self":"another"'],
      [volume.record.poolIdentity, `${volume.record.poolIdentity}0`],
    ] as const) {
      await edit(copy, key, right.replaceAll(from, to));
      expect((await fsck(true)).filter(({ object }) => object === volume.record.uid)).toEqual([
        { object: volume.record.uid, message: expect.any(String), repaired: false },
      ]);
      expect(await textIn(table, key)).toBe("{ torn");
    }
  });

  test("a copy of all records, put into another pool, is not that pool's", async () => {
    const other = await bench.newPool();
    const record = (await textIn(table, "pool")) as string;
    const there = { pool: other.record.name };
    await user.do("edit_table", { ...there, object: copy, key: "pool", value: record });
    await user.do("drop_object", { ...there, object: table });
    expect(await (await bench.another()).readPool({ name: other.record.name }, call())).toBeUndefined();
    expect((await refusal((await bench.another()).fsck(refOf(other), { repair: true }, call()))).code).toBe(
      "UNAVAILABLE",
    );
  });

  test("what is removed is not brought back, though its copy says that it is there", async () => {
    const volume = await bench.volume("data");
    const { uid } = volume.record;
    const text = (await textIn(copy, `o.${uid}`)) as string;
    await bench.trash(volume);
    await bench.driver.purge(bench.ref, { uid, allowDataLoss: uid }, call());
    const policy = await bench.policy("nightly");
    const policyText = (await textIn(copy, `p.${policy.uid}`)) as string;
    await bench.driver.removePolicy(bench.ref, matchOf({ record: policy }), call());
    await edit(copy, `o.${uid}`, text);
    await edit(copy, `p.${policy.uid}`, policyText);
    expect((await fsck(true)).map(({ repaired }) => repaired)).toEqual([true]);
    expect(await told()).toMatchObject({ objects: [], policies: [], damaged: [] });
    expect(await textIn(copy, `o.${uid}`)).toBeNull();
  });

  test("two programs that write at once leave a copy that says what the table says", async () => {
    const drivers = [bench.driver, await bench.another(), await bench.another()];
    const volumes = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        (drivers[index % 3] as typeof bench.driver).create(bench.ref, bench.volumeInputs(`data-${index}`), call()),
      ),
    );
    for (let round = 0; round < 5; round++)
      await Promise.all(
        volumes.flatMap((volume) =>
          drivers.map((driver, index) =>
            driver.update(bench.ref, matchOf(volume), { labels: { by: `${round}-${index}` } }, call()),
          ),
        ),
      );
    expect(await fsck(false)).toEqual([]);
    for (const { record } of volumes)
      expect(await textIn(copy, `o.${record.uid}`)).toBe(await textIn(table, `o.${record.uid}`));
  }, 60_000);

  test("a repair does what the records say by then, not what they said when it began to look", async () => {
    const volume = await bench.stampedVolume("data", "kept");
    const { image } = volume.connection as { image: string };
    const [grown, ended, back] = [await bench.share("grown"), await bench.share("ended"), await bench.share("back")];
    const at = ({ connection, record }: StoredObject) => {
      const { cephFilesystem, path } = connection as { cephFilesystem: string; path: string };
      return { vol_name: cephFilesystem, group_name: path.split("/")[2], sub_name: `${record.name}.${record.uid}` };
    };
    const users = async (share: StoredObject) =>
      JSON.parse(await manager({ prefix: "fs subvolume authorized_list", ...at(share), format: "json" }));
    const manager = async (command: Record<string, unknown>) => (await user.do("manager", command)) as string;
    const auth = (share: StoredObject) => ({ ...at(share), auth_id: `krs.${share.record.uid}` });
    // What interrupted changes may leave, each of which a repair mends
    execFileSync("rbd", ["--conf", cluster().conf, "trash", "mv", `${pool()}/${image}`]);
    await manager({ prefix: "fs subvolume resize", ...at(grown), new_size: String(grown.record.sizeBytes / 2) });
    await manager({ prefix: "fs subvolume deauthorize", ...auth(ended) });
    await bench.trash(back);
    await manager({ prefix: "fs subvolume authorize", ...auth(back), access_level: "rw" });
    const gate = new Gate();
    let isHeld = false;
    class Slow extends Cluster {
      override async images(...args: Parameters<Cluster["images"]>) {
        const seen = await super.images(...args);
        if (!isHeld) {
          isHeld = true;
          await gate.pass();
        }
        return seen;
      }
    }
    const slow = driverOn(cluster(), Slow);
    const checked = slow.fsck(bench.ref, { repair: true }, call());
    await gate.reached;
    await bench.trash(volume);
    await bench.driver.grow(bench.ref, matchOf(grown), 4 * grown.record.sizeBytes, call());
    await bench.trash(ended);
    await bench.undelete(back);
    gate.open();
    expect((await checked).length).toBe(4);
    await slow.close();
    expect(await user.do("images", { pool: pool() })).toEqual([]);
    const sizes = (await bench.contents()).map(({ record, actualSizeBytes }) => [record.name, actualSizeBytes]);
    expect(Object.fromEntries(sizes).grown).toBe(4 * grown.record.sizeBytes);
    expect([await users(ended), await users(back)]).toEqual([[], [{ [`krs.${back.record.uid}`]: "rw" }]]);
    expect(await fsck(false)).toEqual([]);
    await bench.assertBytes(await bench.undelete(volume), "kept");
  }, 120_000);

  test("images of somebody else with a copied record of ours are nobody's", async () => {
    const volume = await bench.stampedVolume("data", "kept");
    const { image } = volume.connection as { image: string };
    execFileSync("rbd", ["--conf", cluster().conf, "cp", `${pool()}/${image}`, `${pool()}/copied.${newUid()}`]);
    await user.do("drop_object", { pool: pool(), object: table });
    await fsck(true);
    expect((await bench.contents()).map(({ record, health }) => [record.uid, health])).toEqual([
      [volume.record.uid, "ready"],
    ]);
  });
});

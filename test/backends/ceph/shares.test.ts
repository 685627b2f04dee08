import { execFileSync } from "node:child_process";
import { closeSync, fsyncSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { cephDriver } from "../../../provider/drivers/ceph";
import { Filesystems } from "../../../provider/drivers/ceph/filesystems";
import type { StoredObject } from "../../../provider/drivers/driver";
import { newUid } from "../../../provider/drivers/record";
import { KrStorageError } from "../../../provider/model/errors";
import type { ShareConnection } from "../../../provider/model/share";
import { testClock, testEnv } from "../../../provider/testing";
import { type Bench, call, matchOf, poolInputs, shareFile } from "../../../provider/testing/bench";
import { cephHarness, optionsFor } from "../../contract/harnesses/ceph";
import { describeWith } from "../../support/requires";
import { sha256, withBench } from "../support/cephBench";
import { clusterForTests } from "../support/cephCluster";
import { type FuseMount, keyOf, mountByFuse } from "../support/fuseMount";
import { refusal } from "../support/refusal";

type CephfsConnection = Extract<ShareConnection, { type: "cephfs" }>;
const mib = 2 ** 20;

describeWith({ needs: ["ceph"] }, "ceph: shares", () => {
  const cluster = clusterForTests();
  const harness = cephHarness(cluster);
  const { user } = harness;
  let bench: Bench;

  withBench(harness, 60_000, (made) => {
    bench = made;
  });

  const connectionOf = ({ connection }: StoredObject) => connection as CephfsConnection;
  const ceph = (...args: string[]) =>
    execFileSync("ceph", ["--conf", cluster().conf, ...args], { timeout: 60_000, stdio: ["ignore", "pipe", "pipe"] })
      .toString()
      .trim();
  /** Where a share is in the cluster, as arguments of `ceph fs subvolume`. */
  const placeOf = (share: StoredObject) => {
    const [, , group = "", name = ""] = connectionOf(share).path.split("/");
    return { filesystem: connectionOf(share).cephFilesystem, group, name };
  };
  const subvolumes = (group: string) =>
    (JSON.parse(ceph("fs", "subvolume", "ls", "a", group)) as { name: string }[]).map(({ name }) => name);
  const purge = (object: StoredObject) =>
    bench.driver.purge(bench.ref, { uid: object.record.uid, allowDataLoss: object.record.uid }, call());

  describeWith({ needs: ["cephFuse"] }, "mounted by ceph-fuse", () => {
    const mounts: FuseMount[] = [];
    const mount = async (share: StoredObject, keyring = keyOf(connectionOf(share), cluster())) => {
      const mounted = await mountByFuse(connectionOf(share), keyring);
      mounts.push(mounted);
      return mounted.folder;
    };
    const unmountAll = async () => {
      for (const each of mounts.splice(0)) await each.unmount();
    };
    afterEach(unmountAll);

    test("it stops at its quota, goes on when it has grown, and its files come back from a snapshot", async () => {
      const share = await bench.share("files", { sizeBytes: 8 * mib });
      const folder = await mount(share);
      const bytes = Buffer.alloc(6 * mib, "all of it ");
      writeFileSync(join(folder, "kept"), bytes);
      expect(fill(join(folder, "more"), 64 * mib)).toBe("EDQUOT");
      await bench.driver.grow(bench.ref, matchOf(share), 128 * mib, call());
      expect(fill(join(folder, "more"), 16 * mib)).toBe("written");
      const snapshot = await bench.snapshot(share, "one");
      expect(snapshot.record.consistency).toBe("crash");
      writeFileSync(join(folder, "kept"), "something else");
      const copy = await bench.share("copy", { sizeBytes: 128 * mib, sourceUid: snapshot.record.uid });
      const copied = await mount(copy);
      expect(sha256(readFileSync(join(copied, "kept")))).toBe(sha256(bytes));
      expect(readFileSync(join(folder, "kept"), "utf8")).toBe("something else");
    }, 120_000);

    test("the key of one share opens no other", async () => {
      const [mine, theirs] = [await bench.filledShare("mine", "mine"), await bench.filledShare("theirs", "theirs")];
      const key = keyOf(connectionOf(mine), cluster());
      const asMine = { ...theirs, connection: { ...connectionOf(theirs), user: connectionOf(mine).user } };
      asMine.connection.fuseCommand = connectionOf(theirs).fuseCommand.replace(
        connectionOf(theirs).user,
        connectionOf(mine).user,
      );
      await expect(mount(asMine, key)).rejects.toThrow(/ceph-fuse ended/);
      expect(readFileSync(join(await mount(mine, key), shareFile), "utf8")).toBe("mine");
    }, 120_000);

    test("while it is mounted it is not deleted; deleted, its key opens it no more; undeleted it has a new one", async () => {
      const share = await bench.filledShare("files", "kept");
      const key = keyOf(connectionOf(share), cluster());
      await mount(share, key);
      const error = await refusal(bench.driver.trash(bench.ref, matchOf(share), 1000, call()));
      expect([error.code, error.message]).toEqual(["IN_USE", expect.stringContaining(connectionOf(share).user)]);
      await unmountAll();
      await bench.trash(share);
      await expect(mount(share, key)).rejects.toThrow(/ceph-fuse ended/);
      const back = await bench.undelete(share);
      expect(readFileSync(join(await mount(back), shareFile), "utf8")).toBe("kept");
    }, 120_000);
  });

  test("its user reaches its own path and its own objects alone, and no key is in what the driver says", async () => {
    const share = await bench.share("files");
    const { path, user: name } = connectionOf(share);
    const [{ caps, key }] = JSON.parse(ceph("auth", "get", `client.${name}`, "--format", "json"));
    expect(caps).toEqual({
      mds: `allow rw path=${path}`,
      mon: "allow r",
      osd: `allow rw pool=cephfs.a.data namespace=fsvolumens_${placeOf(share).name}`,
    });
    expect(JSON.stringify([share, await bench.list()])).not.toContain(key);
  }, 60_000);

  test("two that let it grow at once: it has the larger size, and never less", async () => {
    const share = await bench.share("files");
    const sizes = [5, 3, 7, 4].map((units) => units * bench.unit);
    const growing = sizes.map((size) => bench.driver.grow(bench.ref, matchOf(share), size, call()));
    await Promise.allSettled(growing);
    const found = await bench.expect(share.record.uid, "live");
    expect([found.record.sizeBytes, found.actualSizeBytes]).toEqual([7 * bench.unit, 7 * bench.unit]);
  }, 60_000);

  test("snapshots that are kept outlive the purge of their share, and its files come back from them", async () => {
    const share = await bench.filledShare("files", "kept");
    const { group } = placeOf(share);
    const snapshot = await bench.snapshot(share, "one");
    await bench.trash(snapshot);
    await bench.trash(share);
    expect(await purge(share)).toBe(true);
    await bench.assertFileInCopy(await bench.undelete(snapshot), "kept");
    await bench.trash(snapshot).catch(() => undefined);
    const [again] = await bench.named("files@one");
    if (again) await bench.trash(again);
    await purge(snapshot);
    expect(subvolumes(group).filter((name) => name.startsWith("files."))).toEqual([]);
  }, 120_000);

  test("one whose files are gone is deleted, brought back and purged all the same", async () => {
    const share = await bench.share("files");
    await harness.removeBehindBack?.(bench.pool, share.record.uid);
    await bench.trash(share);
    const back = await bench.undelete(share);
    expect(back.health).toBe("missing");
    await bench.trash(back);
    expect(await purge(share)).toBe(true);
    expect(await bench.contents()).toEqual([]);
    expect(ceph("auth", "ls")).not.toContain(share.record.uid);
  }, 60_000);

  test("a copy that is there stays there when what it was copied from cannot be tidied; a repair does that", async () => {
    const source = await bench.filledShare("source", "kept");
    const { filesystem, group, name } = placeOf(source);
    const snapshots = () => JSON.parse(ceph("fs", "subvolume", "snapshot", "ls", filesystem, name, group)) as unknown[];
    const away = new KrStorageError("UNAVAILABLE", "the manager has just gone", { outcome: "unknown" });
    const broken = jest.spyOn(Filesystems.prototype, "removeSnapshot").mockRejectedValue(away);
    const copy = await bench.share("copy", { sourceUid: source.record.uid }).finally(() => broken.mockRestore());
    await bench.assertFile(copy, "kept");
    expect((await bench.expect(copy.record.uid, "live")).health).toBe("ready");
    expect(snapshots()).toHaveLength(1);
    const findings = await bench.driver.fsck(bench.ref, { repair: true }, call());
    expect(findings).toEqual([
      { object: source.record.uid, message: expect.stringContaining(copy.record.uid), repaired: true },
    ]);
    expect(snapshots()).toEqual([]);
    expect(await bench.driver.fsck(bench.ref, { repair: false }, call())).toEqual([]);
    await bench.assertFile(copy, "kept");
  }, 60_000);

  test("a snapshot that somebody else took is not taken along by a purge", async () => {
    const share = await bench.filledShare("files", "kept");
    const { filesystem, group, name } = placeOf(share);
    ceph("fs", "subvolume", "snapshot", "create", filesystem, name, "theirs", group);
    await bench.trash(share);
    const error = await refusal(purge(share));
    expect([error.code, error.message]).toEqual(["IN_USE", expect.stringContaining("theirs")]);
    await bench.assertFile(await bench.undelete(share), "kept");
  }, 60_000);

  test("a pool's group goes with the pool, and keeps it while somebody else's subvolume is in it", async () => {
    const share = await bench.share("files");
    const { filesystem, group } = placeOf(share);
    await bench.trash(share);
    await purge(share);
    ceph("fs", "subvolume", "create", filesystem, "theirs", group);
    const error = await refusal(bench.driver.removePool(bench.ref, matchOf(bench.pool), call()));
    expect([error.code, error.message]).toEqual(["IN_USE", expect.stringContaining("theirs")]);
    ceph("fs", "subvolume", "rm", filesystem, "theirs", group);
    expect(await bench.driver.removePool(bench.ref, matchOf(bench.pool), call())).toBe("removed");
    expect(ceph("fs", "subvolumegroup", "ls", filesystem)).not.toContain(group);
    expect(ceph("auth", "ls")).not.toContain(share.record.uid);
  }, 60_000);

  test("a copy whose maker was killed is undone by the next create of its name, and by a repair", async () => {
    const source = await bench.filledShare("source", "kept");
    const { group } = placeOf(source);
    const first = await abandonedCopy(source, "copy");
    expect((await refusal(bench.share("copy"))).code).toBe("ALREADY_EXISTS");
    await harness.clock.advance(60_000);
    const made = await bench.share("copy", { sourceUid: source.record.uid });
    await bench.assertFile(made, "kept");
    expect(await bench.find(first)).toBeUndefined();
    const second = await abandonedCopy(source, "other");
    await harness.clock.advance(60_000);
    const findings = await bench.driver.fsck(bench.ref, { repair: true }, call());
    expect(findings).toEqual([{ object: second, message: expect.stringContaining("interrupted"), repaired: true }]);
    expect(subvolumes(group).sort()).toEqual([placeOf(made).name, placeOf(source).name].sort());
    const { filesystem, name } = placeOf(source);
    expect(JSON.parse(ceph("fs", "subvolume", "snapshot", "ls", filesystem, name, group))).toEqual([]);
  }, 120_000);

  /** Leaves a pool as a process that was killed while the cluster copies for it. */
  async function abandonedCopy(source: StoredObject, name: string): Promise<string> {
    const uid = newUid();
    const pool = bench.ref.name;
    const { filesystem, group, name: parent } = placeOf(source);
    const text = (await user.do("read_table", { pool, key: `o.${source.record.uid}` })) as string;
    const { record, subvolume, ...rest } = JSON.parse(text);
    const entry = {
      ...rest,
      uid,
      name,
      phase: "creating",
      image: { name: `${name}.${uid}` },
      subvolume: { filesystem, group },
      sourceUid: source.record.uid,
      leaseUntil: Date.now() + 20_000,
      record: { ...record, uid, name, self: "" },
    };
    await user.do("edit_table", { pool, key: `o.${uid}`, value: JSON.stringify(entry) });
    await user.do("edit_table", { pool, key: `n.${name}`, value: JSON.stringify(uid) });
    const snapshot = `krs-clone.${uid}`;
    ceph("fs", "subvolume", "snapshot", "create", filesystem, parent, snapshot, group);
    const target = ["--group_name", group, "--target_group_name", group];
    ceph("fs", "subvolume", "snapshot", "clone", filesystem, parent, snapshot, `${name}.${uid}`, ...target);
    return uid;
  }

  test("what was changed past the driver is found and mended: a smaller quota, a user that is gone", async () => {
    const share = await bench.filledShare("files", "kept");
    const { filesystem, group, name } = placeOf(share);
    ceph("fs", "subvolume", "resize", filesystem, name, String(mib / 2), group);
    ceph("fs", "subvolume", "deauthorize", filesystem, name, connectionOf(share).user, group);
    const findings = await bench.driver.fsck(bench.ref, { repair: true }, call());
    expect(findings.map(({ message, repaired }) => [message, repaired])).toEqual([
      [expect.stringContaining("is held to 524288 bytes"), true],
      [expect.stringContaining(`client.${connectionOf(share).user}`), true],
    ]);
    expect(await bench.driver.fsck(bench.ref, { repair: false }, call())).toEqual([]);
    expect((await bench.expect(share.record.uid, "live")).actualSizeBytes).toBe(bench.unit);
    expect(keyOf(connectionOf(share), cluster())).toContain("key = ");
  }, 60_000);

  test("a subvolume that came about after its maker had been given up is found, and removed by a repair", async () => {
    const share = await bench.share("files");
    const { filesystem, group, name } = placeOf(share);
    await bench.trash(share);
    await purge(share);
    ceph("fs", "subvolume", "create", filesystem, name, group);
    ceph("fs", "subvolume", "create", filesystem, `theirs.${newUid()}`, group);
    const findings = await bench.driver.fsck(bench.ref, { repair: true }, call());
    expect(findings).toEqual([{ object: share.record.uid, message: expect.stringContaining(name), repaired: true }]);
    expect(subvolumes(group)).toEqual([expect.stringContaining("theirs.")]);
  }, 60_000);

  test("one that is in the trash and can still be reached is closed by a repair", async () => {
    const share = await bench.share("files");
    const { filesystem, group, name } = placeOf(share);
    await bench.trash(share);
    expect(ceph("auth", "ls")).not.toContain(connectionOf(share).user);
    ceph("fs", "subvolume", "authorize", filesystem, name, connectionOf(share).user, group);
    const [finding] = await bench.driver.fsck(bench.ref, { repair: true }, call());
    expect([finding?.object, finding?.repaired]).toEqual([share.record.uid, true]);
    expect(ceph("auth", "ls")).not.toContain(connectionOf(share).user);
  }, 60_000);

  test("a user that may not see who has a share mounted makes and lists shares, and deletes none", async () => {
    const { caps } = JSON.parse(ceph("auth", "get", "client.krstorage", "--format", "json"))[0];
    const set = (mds: string) => {
      const pairs = Object.entries({ ...caps, mds } as Record<string, string>).flat();
      ceph("auth", "caps", "client.krstorage", ...pairs);
    };
    set("allow r");
    try {
      const driver = await bench.another();
      const share = await driver.create(bench.ref, bench.shareInputs("files"), call());
      expect((await driver.create(bench.ref, bench.snapshotInputs(share, "one"), call())).record.consistency).toBe(
        "crash",
      );
      const before = await bench.contents(bench.ref, driver);
      const other = await driver.create(bench.ref, bench.shareInputs("other"), call());
      const error = await refusal(driver.trash(bench.ref, matchOf(other), 1000, call()));
      expect([error.code, error.message]).toEqual([
        "PERMISSION_DENIED",
        expect.stringContaining("docs/backends/ceph.md"),
      ]);
      expect((await bench.contents(bench.ref, driver)).length).toBe(before.length + 1);
      expect(keyOf(connectionOf(other), cluster())).toContain("key = ");
    } finally {
      set(caps.mds);
    }
  }, 60_000);

  test("a share bears 99 snapshots, those in the trash among them, and says so", async () => {
    const share = await bench.share("files");
    const pool = bench.ref.name;
    const snapshot = await bench.snapshot(share, "one");
    const text = (await user.do("read_table", { pool, key: `o.${snapshot.record.uid}` })) as string;
    for (let number = 2; number <= 99; number++) {
      const uid = newUid();
      const entry = JSON.parse(text);
      Object.assign(entry, { uid, name: `files@${number}`, phase: "trashed", snapshot: { name: `krs.${uid}` } });
      Object.assign(entry.record, { uid, name: `files@${number}`, expiresAt: "2100-01-01T00:00:00.000Z" });
      await user.do("edit_table", { pool, key: `o.${uid}`, value: JSON.stringify(entry) });
    }
    const error = await refusal(bench.snapshot(share, "last"));
    expect([error.code, error.message]).toEqual(["QUOTA_EXCEEDED", expect.stringContaining("98 of them in the trash")]);
  }, 120_000);

  test("of several file systems the backend's option says which; without it pools take no shares, and say why", async () => {
    ceph("fs", "flag", "set", "enable_multiple", "true", "--yes-i-really-mean-it");
    ceph("osd", "pool", "create", "cephfs.b.meta");
    ceph("osd", "pool", "create", "cephfs.b.data");
    ceph("fs", "new", "b", "cephfs.b.meta", "cephfs.b.data");
    const open = (filesystem?: string) =>
      cephDriver.open(
        { name: "test", options: { ...optionsFor(cluster()), ...(filesystem ? { filesystem } : {}) } },
        testEnv(testClock()),
      );
    const [unsaid, said, wrong, moved] = [open(), open("a"), open("c"), open("b")];
    try {
      const { record: without } = await unsaid.createPool(poolInputs({}), call());
      const { record: withThem } = await said.createPool(poolInputs({}), call());
      expect([without.capabilities.shareProtocols, withThem.capabilities.shareProtocols]).toEqual([[], ["cephfs"]]);
      const make = (driver: typeof said) => driver.create(bench.ref, bench.shareInputs("files"), call());
      const errors = [await refusal(make(unsaid)), await refusal(make(wrong))];
      expect(errors.map(({ code }) => code)).toEqual(["UNSUPPORTED", "UNSUPPORTED"]);
      expect(errors.map(({ message }) => message)).toEqual([
        expect.stringMatching(/several file systems \(a, b\).*"filesystem"/),
        expect.stringContaining('no file system "c"'),
      ]);
      const share = await make(said);
      await harness.putFile?.(share, shareFile, "kept");
      // New shares go to another file system by now; the cluster copies within one alone
      const copy = await moved.create(bench.ref, bench.shareInputs("copy", { sourceUid: share.record.uid }), call());
      expect([share, copy].map((each) => connectionOf(each).cephFilesystem)).toEqual(["a", "a"]);
      await bench.assertFile(copy, "kept");
      const later = () => said.create({ name: without.name }, bench.shareInputs("files"), call());
      expect((await refusal(later())).message).toMatch(/fsck with repair/);
      const findings = await said.fsck({ name: without.name }, { repair: true }, call());
      expect(findings).toEqual([
        { object: without.uid, message: expect.stringContaining("file system"), repaired: true },
      ]);
      expect((await later()).health).toBe("ready");
    } finally {
      for (const each of [unsaid, said, wrong, moved]) await each.close();
      ceph("fs", "fail", "b");
      ceph("fs", "rm", "b", "--yes-i-really-mean-it");
      for (const pool of ["cephfs.b.meta", "cephfs.b.data"])
        ceph("osd", "pool", "rm", pool, pool, "--yes-i-really-really-mean-it");
    }
  }, 120_000);

  // The last one: the file system does not come back
  test("shares of a file system that was removed say so; they are deleted and purged, and then the pool is removed", async () => {
    const [one, other] = [await bench.share("one"), await bench.share("other")];
    const snapshot = await bench.snapshot(one, "kept");
    const volume = await bench.volume("disk");
    ceph("fs", "fail", "a");
    ceph("fs", "rm", "a", "--yes-i-really-mean-it");
    const seen = await bench.contents();
    const health = seen.map(({ record, health: theirs }) => [record.name, theirs]);
    expect(Object.fromEntries(health)).toEqual({
      one: "missing",
      other: "missing",
      "one@kept": "missing",
      disk: "ready",
    });
    const found = await bench.expect(one.record.uid, "live");
    expect(found.problem).toMatch(/no file system a any more.*delete the share and purge it/);
    const error = await refusal(bench.share("late"));
    expect([error.code, error.message]).toEqual(["UNSUPPORTED", expect.stringContaining("no CephFS file system")]);
    for (const each of [snapshot, one, other, volume]) await bench.trash(each);
    expect((await bench.undelete(other)).health).toBe("missing");
    await bench.trash(await bench.expect(other.record.uid, "live"));
    for (const each of [snapshot, one, other, volume]) expect(await purge(each)).toBe(true);
    expect(await bench.driver.fsck(bench.ref, { repair: true }, call())).toEqual([]);
    expect(await bench.driver.removePool(bench.ref, matchOf(bench.pool), call())).toBe("removed");
    for (const { record } of [one, other]) expect(ceph("auth", "ls")).not.toContain(record.uid);
  }, 120_000);
});

/** Writes until it is refused, or enough. The name of the error, or "written". */
function fill(file: string, bytes: number): string {
  const opened = openSync(file, "w");
  try {
    for (let written = 0; written < bytes; written += mib) {
      writeSync(opened, Buffer.alloc(mib, "x"));
      fsyncSync(opened);
    }
    return "written";
  } catch (error) {
    // Node has no name for this one
    const { errno = 0, code } = error as NodeJS.ErrnoException;
    return errno === -constants.errno.EDQUOT ? "EDQUOT" : (code ?? String(error));
  } finally {
    closeSync(opened);
  }
}

import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { describeWith } from "../../support/requires";
import { call, matchOf, mebibyte, newVolume, refusal, Scene, writeText } from "./support/scene";

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.start();
});
afterEach(() => scene.end());

const modeOf = (path: string) => lstatSync(path).mode & 0o7777;

test("whatever the umask, folders are 0711, disks 0600, the internal folder 0700", async () => {
  const before = process.umask(0o077);
  try {
    const other = await Scene.start();
    const volume = await other.volume("data");
    for (const folder of [".", "data", "volumes", `data/${volume.record.uid}`])
      expect(modeOf(other.file(folder))).toBe(0o711);
    for (const folder of [".krstorage", ".krstorage/new", ".krstorage/sessions"])
      expect(modeOf(other.file(folder))).toBe(0o700);
    for (const file of [".krstorage/pool.db", ".krstorage/pool.json"]) expect(modeOf(other.file(file))).toBe(0o600);
    process.umask(0);
    for (const made of [volume, await other.volume("more")]) {
      expect(modeOf(other.disk(made))).toBe(0o600);
      expect(modeOf(other.file("data", made.record.uid, "record.json"))).toBe(0o600);
    }
    await other.end();
  } finally {
    process.umask(before);
  }
});

test("snapshots and trash are 0400; what is undeleted can be written again", async () => {
  const volume = await scene.volume("data");
  const snapshot = await scene.snapshot(volume, "one");
  expect(modeOf(scene.disk(snapshot))).toBe(0o400);
  await scene.trash(snapshot);
  const trashed = await scene.trash(volume);
  expect(modeOf(scene.disk(trashed))).toBe(0o400);
  await scene.driver.undelete(scene.ref, { uid: volume.record.uid, claim: "c" }, call);
  expect(modeOf(scene.disk(volume))).toBe(0o600);
  await scene.driver.undelete(scene.ref, { uid: snapshot.record.uid, claim: "c" }, call);
  expect(modeOf(scene.disk(snapshot))).toBe(0o400);
});

test("a disk keeps its path and its inode through trash, undelete under another name, and grow", async () => {
  const volume = await scene.volume("data");
  const before = statSync(scene.disk(volume)).ino;
  await scene.trash(volume);
  const back = await scene.driver.undelete(scene.ref, { uid: volume.record.uid, claim: "c", name: "again" }, call);
  await scene.driver.grow(scene.ref, matchOf(back), 3 * mebibyte, call);
  expect(statSync(scene.disk(volume)).ino).toBe(before);
});

test("links for people follow the names", async () => {
  const volume = await scene.volume("data");
  const link = scene.file("volumes", "data");
  expect(readlinkSync(link)).toBe(`../data/${volume.record.uid}/disk.raw`);
  expect(statSync(link).ino).toBe(statSync(scene.disk(volume)).ino);
  await scene.trash(volume);
  expect(existsSync(link)).toBe(false);
  const other = await scene.volume("data");
  await scene.driver.undelete(scene.ref, { uid: volume.record.uid, claim: "c", name: "old" }, call);
  expect(readlinkSync(link)).toContain(other.record.uid);
  expect(readlinkSync(scene.file("volumes", "old"))).toContain(volume.record.uid);
});

test("the copy of a record beside the data says what the row says, after every change", async () => {
  const read = (uid: string): unknown => JSON.parse(readFileSync(scene.file("data", uid, "record.json"), "utf8"));
  const made = await scene.volume("data");
  const { uid } = made.record;
  expect(read(uid)).toEqual({ phase: "live", record: made.record });
  const updated = await scene.driver.update(scene.ref, matchOf(made), { labels: { a: "b" } }, call);
  expect(read(uid)).toEqual({ phase: "live", record: updated.record });
  const grown = await scene.driver.grow(scene.ref, matchOf(made), 2 * mebibyte, call);
  expect(read(uid)).toEqual({ phase: "live", record: grown.record });
  const snapshot = await scene.snapshot(made, "one");
  expect(read(snapshot.record.uid)).toEqual({ phase: "live", record: snapshot.record });
  const rolled = await scene.driver.rollback(scene.ref, matchOf(made), snapshot.record.uid, call);
  expect(read(uid)).toEqual({ phase: "live", record: rolled.record });
  await scene.trash(snapshot);
  const trashed = await scene.trash(made);
  expect(read(uid)).toEqual({ phase: "trashed", record: trashed.record });
});

test("sizes are rounded up to whole pages, disks are sparse, copies keep the holes", async () => {
  const volume = await scene.volume("data", { sizeBytes: 64 * mebibyte + 1 });
  expect(volume.actualSizeBytes).toBe(64 * mebibyte + 4096);
  expect(volume.record.sizeBytes).toBe(64 * mebibyte + 1);
  writeText(scene.disk(volume), "end", 64 * mebibyte - 10);
  const clone = await scene.volume("copy", { sourceUid: volume.record.uid });
  expect(statSync(scene.disk(clone)).size).toBe(64 * mebibyte + 4096);
  expect(statSync(scene.disk(clone)).blocks * 512).toBeLessThan(mebibyte);
});

test("nothing is left in staging, whatever was done", async () => {
  const volume = await scene.volume("data");
  const snapshot = await scene.snapshot(volume, "one");
  await scene.driver.rollback(scene.ref, matchOf(volume), snapshot.record.uid, call);
  await refusal(scene.volume("data"), "ALREADY_EXISTS");
  const clone = await scene.volume("clone", { sourceUid: snapshot.record.uid });
  await scene.trash(clone);
  await scene.purge(clone);
  expect(readdirSync(scene.file(".krstorage", "new"))).toEqual([]);
  expect(readdirSync(scene.file("data")).sort()).toEqual([volume.record.uid, snapshot.record.uid].sort());
});

test("a grow of a file that has grown by itself keeps it, and a file that was cut off is damaged and not grown", async () => {
  const volume = await scene.volume("data");
  writeText(scene.disk(volume), "beyond", 4 * mebibyte);
  const grown = await scene.driver.grow(scene.ref, matchOf(volume), 2 * mebibyte, call);
  expect(grown.actualSizeBytes).toBe(4 * mebibyte + 6);
  require("node:fs").truncateSync(scene.disk(volume), 1000);
  expect(await scene.find(volume)).toMatchObject({ health: "damaged", actualSizeBytes: 1000 });
  await refusal(scene.driver.grow(scene.ref, matchOf(volume), 5 * mebibyte, call), "PRECONDITION_FAILED");
  expect(statSync(scene.disk(volume)).size).toBe(1000);
});

test("a disk that can no longer be grown by its file system is not blocked for ever", async () => {
  const volume = await scene.volume("data");
  const tooLarge = 2 ** 52; // ext4 ends at 16 TiB, xfs and btrfs at 8 EiB: there the grow is refused for want of room
  await refusal(scene.driver.grow(scene.ref, matchOf(volume), tooLarge, call), "INVALID_ARGUMENT", "QUOTA_EXCEEDED");
  expect(scene.sql("SELECT session, operation, provisioned FROM objects")).toEqual([
    { session: null, operation: null, provisioned: mebibyte },
  ]);
  await scene.driver.grow(scene.ref, matchOf(volume), 2 * mebibyte, call);
});

describeWith({ needs: ["root"] }, "with a group", () => {
  test("disks are 0660 and the group's, snapshots stay 0400, an unknown group is refused by name", async () => {
    const shared = await Scene.start({ group: "1" });
    const volume = await shared.volume("data");
    expect(modeOf(shared.disk(volume))).toBe(0o660);
    expect(statSync(shared.disk(volume)).gid).toBe(1);
    expect(modeOf(shared.disk(await shared.snapshot(volume, "one")))).toBe(0o400);
    await shared.end();
    const unknown = await Scene.start({ group: "no-such-group" });
    expect((await refusal(unknown.volume("data"), "INVALID_ARGUMENT")).message).toContain("no-such-group");
    expect((await unknown.list()).objects).toEqual([]);
    await unknown.end();
  });
});

test("a disk that others may write is found and mended by fsck", async () => {
  const volume = await scene.driver.create(scene.ref, newVolume("data"), call);
  chmodSync(scene.disk(volume), 0o666);
  expect(await scene.fsck(false)).toMatchObject([{ object: volume.record.uid, repaired: false }]);
  expect(await scene.fsck(true)).toMatchObject([{ object: volume.record.uid, repaired: true }]);
  expect(modeOf(scene.disk(volume))).toBe(0o600);
  expect(await scene.fsck(false)).toEqual([]);
});

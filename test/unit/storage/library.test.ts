import { KrStorageError } from "../../../provider/model/errors";
import { StorageLibrary } from "../../../provider/storage/library";
import { Scene } from "../support/scene";
import { thrown } from "../support/thrown";

async function open() {
  const { storage, disk } = new Scene();
  const library = new StorageLibrary(storage, "library");
  await library.createPool("main/ssd");
  return { library, disk };
}

test("creating again what was made returns it", async () => {
  const { library } = await open();
  const first = await library.createVolume("main/ssd/data", { size: "1GiB" });
  expect((await library.createVolume("main/ssd/data", { size: "1024MiB" })).uid).toBe(first.uid);
});

test.each<[string, (library: StorageLibrary) => Promise<unknown>]>([
  ["a bad size", (library) => library.createVolume("main/ssd/x", { size: "much" })],
  ["a bad size to grow to", (library) => library.growVolume("main/ssd/data", "much")],
  ["a bad label", (library) => library.createVolume("main/ssd/x", { size: "1GiB", labels: { a: "\u0000" } })],
  ["a bad label of a snapshot", (library) => library.createSnapshot("main/ssd/data", "x", { a: "\u0000" })],
  ["a bad capacity", (library) => library.createPool("main/x", { capacity: "much" })],
  ["a bad retention", (library) => library.createPool("main/x", { trashRetention: "soon" })],
  ["a bad label of a pool", (library) => library.createPool("main/x", { labels: { a: "\u0000" } })],
  ["a bad pool id", (library) => library.getPool("../x")],
  ["a bad volume id", (library) => library.get("main/ssd/../x")],
  ["the id of a snapshot for a volume", (library) => library.createVolume("main/ssd/data@x", { size: "1GiB" })],
  ["a snapshot of a snapshot", (library) => library.createSnapshot("main/ssd/data@x", "y")],
  ["a bad snapshot name", (library) => library.createSnapshot("main/ssd/data", "../x")],
])("%s is refused, and nothing is made", async (_mistake, action) => {
  const { library, disk } = await open();
  await library.createVolume("main/ssd/data", { size: "1GiB" });
  expect((await thrown(() => action(library))).code).toBe("INVALID_ARGUMENT");
  expect([disk.pools.size, disk.pool("ssd").objects.size]).toEqual([1, 1]);
});

test("a volume grows and never shrinks", async () => {
  const { library } = await open();
  await library.createVolume("main/ssd/data", { size: "1GiB" });
  expect((await library.growVolume("main/ssd/data", "2GiB")).sizeBytes).toBe(2 ** 31);
  expect((await thrown(() => library.growVolume("main/ssd/data", "1GiB"))).code).toBe("PRECONDITION_FAILED");
});

test("a grow whose record could not be written afterwards says that part of it has happened", async () => {
  const { library, disk } = await open();
  await library.createVolume("main/ssd/data", { size: "1GiB" });
  disk.before = (method) => {
    if (method === "update") throw new KrStorageError("QUOTA_EXCEEDED", "the disk is full");
  };
  const error = await thrown(() => library.growVolume("main/ssd/data", "2GiB"));
  expect(error).toMatchObject({ code: "QUOTA_EXCEEDED", outcome: "partial" });
  expect(error.message).toMatch(/its size has been raised/);
  disk.before = () => undefined;
  expect((await library.growVolume("main/ssd/data", "2GiB")).sizeBytes).toBe(2 ** 31);
});

test("snapshots of many volumes are not as many lists of their pool", async () => {
  const { library, disk } = await open();
  const names = ["a", "b", "c", "d"];
  for (const name of names) await library.createVolume(`main/ssd/${name}`, { size: "1MiB" });
  const before = disk.calls.list ?? 0;
  for (const name of names) await library.createSnapshot(`main/ssd/${name}`, "one");
  expect((disk.calls.list ?? 0) - before).toBeLessThanOrEqual(1);
});

test("a snapshot is of the volume that has the name now, whatever another process has done since the last look", async () => {
  const { library, disk } = await open();
  const old = await library.createVolume("main/ssd/data", { size: "1GiB" });
  await library.list("main/ssd");
  const other = new StorageLibrary(new Scene({ disk }).storage, "other");
  await other.delete(old.id);
  const { uid } = await other.createVolume("main/ssd/data", { size: "1GiB" });
  await library.createSnapshot("main/ssd/data", "one");
  expect(disk.live("ssd", "data@one").record.sourceUid).toBe(uid);
  await other.delete("main/ssd/data@one");
  await other.delete("main/ssd/data");
  expect((await thrown(() => library.createSnapshot("main/ssd/data", "two"))).code).toBe("NOT_FOUND");
});

test("each rollback has a safety snapshot of its own, also after one that failed", async () => {
  const { library, disk } = await open();
  await library.createVolume("main/ssd/data", { size: "1GiB" });
  await library.createSnapshot("main/ssd/data", "good");
  disk.before = (method) => {
    if (method === "rollback") throw new Error("interrupted");
  };
  await thrown(() => library.rollback("main/ssd/data@good"));
  const before = (await library.list("main/ssd")).map((object) => object.uid);
  disk.before = () => undefined;
  const { safety } = await library.rollback("main/ssd/data@good");
  expect(before).not.toContain(safety?.uid);
});

test("deleting puts into the trash, undeleting brings back, purging ends", async () => {
  const { library, disk } = await open();
  const { uid } = await library.createVolume("main/ssd/data", { size: "1GiB" });
  expect(await library.delete("main/ssd/data")).toBe("trashed");
  expect(await library.delete("main/ssd/data")).toBe("gone");
  expect((await library.undelete("main/ssd", uid)).id).toBe("main/ssd/data");
  await library.delete("main/ssd/data");
  expect(await library.purge("main/ssd")).toMatchObject({ purged: [], kept: [{ uid }] });
  disk.now += 25 * 3_600_000;
  expect(await library.purge("main/ssd")).toEqual({ purged: [uid], kept: [] });
});

test("what is not there is said to be in the trash, where it is", async () => {
  const { library } = await open();
  const { uid } = await library.createVolume("main/ssd/data", { size: "1GiB" });
  await library.delete("main/ssd/data");
  const error = await thrown(() => library.get("main/ssd/data"));
  expect(error.code).toBe("NOT_FOUND");
  expect(error.message).toContain(`in the trash: uid ${uid}`);
});

test("a clone is made in the pool of its source only", async () => {
  const { library } = await open();
  await library.createPool("main/hdd");
  await library.createVolume("main/ssd/data", { size: "1GiB" });
  expect(
    (await thrown(() => library.createVolume("main/hdd/copy", { size: "1GiB", from: "main/ssd/data" }))).code,
  ).toBe("UNSUPPORTED");
});

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { StoredObject } from "../../../provider/drivers/driver";
import { newUid } from "../../../provider/drivers/record";
import { call, matchOf, newPool, newVolume, readText, refusal, Scene, writeText } from "./support/scene";

let scene: Scene;
let volume: StoredObject;
let snapshot: StoredObject;
let trashed: StoredObject;
beforeEach(async () => {
  scene = await Scene.start();
  volume = await scene.volume("data", { labels: { a: "b" } });
  writeText(scene.disk(volume), "content");
  snapshot = await scene.snapshot(volume, "one");
  trashed = await scene.trash(await scene.volume("old"));
  await scene.driver.close();
});
afterEach(() => scene.end());

const byUid = (objects: StoredObject[]) => [...objects].sort((a, b) => (a.record.uid < b.record.uid ? -1 : 1));

/** Runs the following in a new process, as far as the pool can tell. */
async function reopened(): Promise<Scene["driver"]> {
  const driver = scene.open();
  Object.assign(scene, { driver });
  return driver;
}

const damages: [string, (file: string) => void][] = [
  ["is missing", (file) => rmSync(file)],
  ["is empty", (file) => truncateSync(file, 0)],
  ["is something else", (file) => writeFileSync(file, "not a database".repeat(1000))],
  [
    "has a torn middle",
    (file) => {
      const bytes = readFileSync(file);
      bytes.fill(0xa5, 4096);
      writeFileSync(file, bytes);
    },
  ],
];

test.each(damages)(
  "a database that %s is a typed error for that pool alone, and is rebuilt from the copies",
  async (_name, damage) => {
    const driver = await reopened();
    await driver.createPool(newPool("other"), call);
    const before = byUid((await scene.list()).objects);
    await driver.close();
    for (const suffix of ["-wal", "-shm"]) rmSync(scene.file(".krstorage", `pool.db${suffix}`), { force: true });
    damage(scene.file(".krstorage", "pool.db"));
    const next = await reopened();
    const error = await refusal(scene.list(), "PRECONDITION_FAILED");
    expect(error.message).toContain("main/ssd");
    expect(error.message).toContain("fsck");
    await refusal(scene.volume("more"), "PRECONDITION_FAILED");
    await next.create({ name: "other" }, newVolume("works"), call);
    const looked = await scene.fsck(false);
    expect(looked).toContainEqual(
      expect.objectContaining({ object: scene.file(".krstorage", "pool.db"), repaired: false }),
    );
    expect(existsSync(scene.file(".krstorage", "pool.db.broken-1"))).toBe(false);

    const repaired = await scene.fsck(true);
    expect(repaired.filter((finding) => !finding.repaired)).toEqual([]);
    expect(byUid((await scene.list()).objects)).toEqual(before);
    expect((await next.readPool(scene.ref, call))?.record).toEqual(scene.pool.record);
    expect(readText(scene.disk(volume), 7)).toBe("content");
    expect(await scene.fsck(false)).toEqual([]);
    const back = await next.undelete(scene.ref, { uid: trashed.record.uid, claim: "c" }, call);
    expect(back.health).toBe("ready");
  },
);

test("the damaged database is kept aside, never deleted", async () => {
  for (const suffix of ["-wal", "-shm"]) rmSync(scene.file(".krstorage", `pool.db${suffix}`), { force: true });
  writeFileSync(scene.file(".krstorage", "pool.db"), "evidence".repeat(1000));
  await reopened();
  await scene.fsck(true);
  expect(readFileSync(scene.file(".krstorage", "pool.db.broken-1"), "utf8")).toContain("evidence");
});

test("the database is not rebuilt under a process that writes to it", async () => {
  const writer = scene.open();
  await writer.update(scene.ref, matchOf(volume), { labels: {} }, call);
  renameSync(scene.file(".krstorage", "pool.db"), scene.file(".krstorage", "hidden"));
  await reopened();
  expect(await scene.fsck(true)).toMatchObject([
    { repaired: false, message: expect.stringContaining("other process") },
  ]);
  renameSync(scene.file(".krstorage", "hidden"), scene.file(".krstorage", "pool.db"));
  expect((await scene.list()).objects).toHaveLength(3);
});

test("a row that cannot be read is listed as damaged, blocks nothing else, and is restored from its copy", async () => {
  scene.sql("UPDATE objects SET record = 'garbage' WHERE uid = ?", volume.record.uid);
  const driver = await reopened();
  const listing = await scene.list();
  expect(listing.damaged).toMatchObject([{ uid: volume.record.uid, name: "data" }]);
  expect(listing.objects).toHaveLength(2);
  await refusal(driver.update(scene.ref, matchOf(volume), { labels: {} }, call), "PRECONDITION_FAILED");
  await refusal(driver.trash(scene.ref, matchOf(volume), 0, call), "PRECONDITION_FAILED");
  await refusal(
    driver.purge(scene.ref, { uid: volume.record.uid, allowDataLoss: volume.record.uid }, call),
    "PRECONDITION_FAILED",
  );
  await refusal(scene.volume("data"), "ALREADY_EXISTS");
  await scene.volume("other");
  expect(await scene.fsck(true)).toMatchObject([{ object: volume.record.uid, repaired: true }]);
  const { revision, ...rest } = volume.record;
  expect((await scene.find(volume))?.record).toEqual({ ...rest, revision: revision + 1 });
  expect(await scene.fsck(false)).toEqual([]);
});

test("a record of a newer format is listed with what it has, and never written", async () => {
  const newer = { ...volume.record, formatVersion: 2, invented: { later: true } };
  scene.sql("UPDATE objects SET record = ? WHERE uid = ?", JSON.stringify(newer), volume.record.uid);
  const driver = await reopened();
  expect((await scene.find(volume))?.record).toEqual(newer);
  for (const attempt of [
    driver.update(scene.ref, matchOf(volume), { labels: {} }, call),
    driver.grow(scene.ref, matchOf(volume), 2 ** 21, call),
    driver.trash(scene.ref, matchOf(volume), 0, call),
    driver.create(scene.ref, newVolume("clone", { sourceUid: volume.record.uid }), call),
  ]) {
    expect((await refusal(attempt, "PRECONDITION_FAILED")).message).toContain("newer version");
  }
  await scene.fsck(true);
  expect(
    JSON.parse(String(scene.sql("SELECT record FROM objects WHERE uid = ?", volume.record.uid)[0]?.record)),
  ).toEqual(newer);
});

test("unknown fields of a record survive an update", async () => {
  scene.sql(
    "UPDATE objects SET record = ? WHERE uid = ?",
    JSON.stringify({ ...volume.record, invented: [1, { a: null }] }),
    volume.record.uid,
  );
  const driver = await reopened();
  await driver.update(scene.ref, matchOf(volume), { labels: {} }, call);
  expect((await scene.find(volume))?.record).toMatchObject({ invented: [1, { a: null }], labels: {} });
});

test("data without a row gets its row back; two that claim one name are both kept, the newer one live", async () => {
  const rival = await scene.open().create(scene.ref, newVolume("rival"), call);
  const uids = [volume, rival].map((made) => made.record.uid);
  for (const uid of uids) scene.sql("DELETE FROM objects WHERE uid = ?", uid);
  const copy = scene.file("data", rival.record.uid, "record.json");
  writeFileSync(copy, JSON.stringify({ phase: "live", record: { ...rival.record, name: "data", revision: 7 } }));
  await reopened();
  expect((await scene.list()).objects).toHaveLength(2);
  await scene.fsck(true);
  const [live] = (await scene.list()).objects.filter(
    (object) => object.record.name === "data" && object.phase === "live",
  );
  expect(live?.record.uid).toBe(rival.record.uid);
  const loser = await scene.find(volume);
  expect(loser).toMatchObject({ phase: "trashed", health: "ready" });
  await scene.clock.advance(400 * 86_400_000);
  await refusal(scene.driver.purge(scene.ref, { uid: volume.record.uid }, call), "PRECONDITION_FAILED");
  const back = await scene.driver.undelete(scene.ref, { uid: volume.record.uid, claim: "c", name: "rescued" }, call);
  expect(readText(scene.disk(back), 7)).toBe("content");
  expect(await scene.fsck(false)).toEqual([]);
});

test("data of which neither row nor copy says anything is listed as damaged and never deleted", async () => {
  scene.sql("DELETE FROM objects WHERE uid = ?", volume.record.uid);
  writeFileSync(scene.file("data", volume.record.uid, "record.json"), "garbage");
  const driver = await reopened();
  expect(await scene.fsck(false)).toMatchObject([{ object: volume.record.uid, repaired: false }, {}]);
  await scene.fsck(true);
  expect((await scene.list()).damaged).toMatchObject([{ uid: volume.record.uid }]);
  await refusal(
    driver.purge(scene.ref, { uid: volume.record.uid, allowDataLoss: volume.record.uid }, call),
    "PRECONDITION_FAILED",
  );
  expect(readText(scene.disk(volume), 7)).toBe("content");
});

test("stale and missing copies are written anew, leftovers in staging go, strangers there stay", async () => {
  writeFileSync(scene.file("data", volume.record.uid, "record.json"), "{}");
  rmSync(scene.file("data", snapshot.record.uid, "record.json"));
  const orphan = newUid();
  mkdirSync(scene.file(".krstorage", "new", orphan));
  writeFileSync(scene.file(".krstorage", "new", orphan, "disk.raw"), "x");
  writeFileSync(scene.file(".krstorage", "new", `copy-${"a".repeat(24)}-1.json`), "x");
  writeFileSync(scene.file(".krstorage", "new", "letter.txt"), "mine");
  rmSync(scene.file("volumes", "data"));
  await reopened();
  const findings = await scene.fsck(true);
  expect(findings.filter((finding) => !finding.repaired).map((finding) => finding.object)).toEqual([
    scene.file(".krstorage", "new", "letter.txt"),
  ]);
  expect(findings).toHaveLength(6);
  expect(readdirSync(scene.file(".krstorage", "new"))).toEqual(["letter.txt"]);
  expect(await scene.fsck(false)).toHaveLength(1);
});

test("a missing disk is told and stays listed", async () => {
  rmSync(scene.file("data", volume.record.uid), { recursive: true });
  await reopened();
  expect(await scene.find(volume)).toMatchObject({ health: "missing", record: volume.record });
  expect(await scene.fsck(true)).toMatchObject([{ object: volume.record.uid, repaired: false }]);
  expect(await scene.find(volume)).toMatchObject({ health: "missing" });
});

describe("a copied pool folder", () => {
  beforeEach(async () => {
    // The original stays, out of the way: a file system gives the inodes of removed files to new ones
    execFileSync("cp", ["-a", scene.file(), join(scene.path, "copy")]);
    renameSync(scene.file(), join(scene.path, ".original"));
    renameSync(join(scene.path, "copy"), scene.file());
    await reopened();
  });

  test("is noticed: everything in it is copied, and nothing is written to it", async () => {
    const { objects } = await scene.list();
    expect(objects.map((object) => object.health)).toEqual(["copied", "copied", "copied"]);
    await refusal(scene.volume("more"), "PRECONDITION_FAILED");
    await refusal(scene.driver.update(scene.ref, matchOf(volume), { labels: {} }, call), "PRECONDITION_FAILED");
    expect(await scene.fsck(true)).toMatchObject([{ repaired: false }]);
    await refusal(scene.driver.trash(scene.ref, matchOf(volume), 0, call), "PRECONDITION_FAILED");
  });

  test("is taken for the original when its identity is named, and only then", async () => {
    expect(await scene.fsck(true, newUid())).toMatchObject([{ repaired: false }]);
    expect((await scene.fsck(true, scene.pool.record.identity)).filter((finding) => !finding.repaired)).toEqual([]);
    expect((await scene.list()).objects.map((object) => object.health)).toEqual(["ready", "ready", "ready"]);
    await scene.volume("more");
    expect(await scene.fsck(false)).toEqual([]);
    await refusal(scene.fsck(true, newUid()), "PRECONDITION_FAILED");
  });
});

test("one disk that was restored from a backup is copied until it is accepted", async () => {
  cpSync(scene.disk(volume), `${scene.path}/backup`);
  renameSync(`${scene.path}/backup`, scene.disk(volume));
  chmodSync(scene.disk(volume), 0o600);
  await reopened();
  expect(await scene.find(volume)).toMatchObject({ health: "copied" });
  expect(await scene.fsck(true)).toMatchObject([{ repaired: false }]);
  await scene.fsck(true, scene.pool.record.identity);
  expect(await scene.find(volume)).toMatchObject({ health: "ready" });
});

test("the audit log says who did what, with before and after, and cannot be changed", async () => {
  const rows = scene.sql(
    "SELECT actor, stack, action, before, after FROM audit WHERE uid = ? ORDER BY id",
    trashed.record.uid,
  );
  expect(rows.map((row) => row.action)).toEqual(["create", "trash"]);
  expect(rows[1]).toMatchObject({ actor: "tester@unit", stack: "dev" });
  expect(JSON.parse(String(rows[1]?.after))).toEqual(trashed.record);
  expect(() => scene.sql("DELETE FROM audit")).toThrow("append-only");
  expect(() => scene.sql("UPDATE audit SET actor = 'nobody'")).toThrow("append-only");
});

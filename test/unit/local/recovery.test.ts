import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, statSync, truncateSync, writeFileSync } from "node:fs";
import type { StoredObject } from "../../../provider/drivers/driver";
import { Session } from "../../../provider/drivers/local/sessions";
import { newUid } from "../../../provider/drivers/record";
import { call, matchOf, mebibyte, newVolume, readText, refusal, Scene, writeText } from "./support/scene";

/** A session whose process is dead: its file is there and nobody holds it. */
const dead = "0123456789abcdef01234567";

let scene: Scene;
let volume: StoredObject;
beforeEach(async () => {
  scene = await Scene.start();
  volume = await scene.volume("data");
  writeText(scene.disk(volume), "content");
});
afterEach(() => scene.end());

function leaveSession(): void {
  writeFileSync(scene.file(".krstorage", "sessions", `${dead}.db`), "");
}

/** Puts the pool into the state in which a process that was killed left it. */
function leave(uid: string, fields: { phase?: string; operation?: unknown; session?: string }): void {
  if (fields.session === undefined) leaveSession();
  scene.sql(
    "UPDATE objects SET session = ?, phase = coalesce(?, phase), operation = ? WHERE uid = ?",
    fields.session ?? dead,
    fields.phase ?? null,
    fields.operation === undefined ? null : JSON.stringify(fields.operation),
    uid,
  );
}

/** The next process: its first change finishes what is unfinished. */
async function nextProcess(): Promise<void> {
  const driver = scene.open();
  expect(await driver.purge(scene.ref, { uid: newUid() }, call)).toBe(false);
  await driver.close();
}

function expectNothingLeft(): void {
  expect(scene.sql("SELECT uid FROM objects WHERE session IS NOT NULL OR operation IS NOT NULL")).toEqual([]);
  expect(readdirSync(scene.file(".krstorage", "new"))).toEqual([]);
  expect(readdirSync(scene.file(".krstorage", "sessions"))).not.toContain(`${dead}.db`);
}

test("AC-53 a create that was only staged is undone, and its name is free", async () => {
  renameSync(scene.file("data", volume.record.uid), scene.file(".krstorage", "new", volume.record.uid));
  leave(volume.record.uid, { phase: "creating" });
  expect(await scene.find(volume)).toMatchObject({ phase: "creating" });
  await nextProcess();
  expectNothingLeft();
  expect(await scene.find(volume)).toBeUndefined();
  await scene.volume("data");
});

test("a create that was published is finished, bytes and all", async () => {
  leave(volume.record.uid, { phase: "creating" });
  await nextProcess();
  expectNothingLeft();
  expect(await scene.find(volume)).toEqual({ ...volume, allocatedBytes: expect.any(Number) }); // file systems write late
  expect(readText(scene.disk(volume), 7)).toBe("content");
});

test("a create that meets a dead one's intent under its name finishes or undoes that first", async () => {
  renameSync(scene.file("data", volume.record.uid), scene.file(".krstorage", "new", volume.record.uid));
  leave(volume.record.uid, { phase: "creating" });
  const made = await scene.volume("data"); // this process has looked for unfinished work before
  expect(made.record.uid).not.toBe(volume.record.uid);
  leave(made.record.uid, { phase: "creating" });
  await refusal(scene.driver.create(scene.ref, newVolume("data"), call), "ALREADY_EXISTS");
  expect((await scene.find(made))?.phase).toBe("live");
  expectNothingLeft();
});

test("a living process's intent is left alone", async () => {
  const living = Session.begin(scene.file(".krstorage", "sessions"));
  leave(volume.record.uid, { phase: "creating", session: living.id });
  await nextProcess();
  expect(await scene.find(volume)).toMatchObject({ phase: "creating" });
  await refusal(scene.volume("data"), "ALREADY_EXISTS");
  expect((await scene.fsck(true)).filter((finding) => finding.object === volume.record.uid)).toEqual([]);
  expect(await scene.find(volume)).toMatchObject({ phase: "creating" });
  living.abandon();
  await nextProcess();
  expect(await scene.find(volume)).toMatchObject({ phase: "live" });
});

test("a grow is finished, whether its file has grown or not, and only once", async () => {
  for (const size of [mebibyte, 3 * mebibyte]) {
    truncateSync(scene.disk(volume), size);
    leave(volume.record.uid, { operation: { type: "grow", toBytes: 3 * mebibyte } });
    await nextProcess();
    expectNothingLeft();
    expect(await scene.find(volume)).toMatchObject({
      health: "ready",
      record: { sizeBytes: 3 * mebibyte },
      actualSizeBytes: 3 * mebibyte,
    });
    expect(readText(scene.disk(volume), 7)).toBe("content");
  }
});

describe("a rollback", () => {
  let snapshot: StoredObject;
  const staged = () => scene.file(".krstorage", "new", volume.record.uid);
  beforeEach(async () => {
    snapshot = await scene.snapshot(volume, "one");
    writeText(scene.disk(volume), "changed");
    mkdirSync(staged());
    execFileSync("cp", [scene.disk(snapshot), `${staged()}/disk.raw`]);
  });
  const operation = (stagedInode?: number) => ({
    type: "rollback",
    fromUid: snapshot.record.uid,
    ...(stagedInode === undefined ? {} : { stagedInode }),
  });

  test("whose copy was not complete is undone", async () => {
    leave(volume.record.uid, { operation: operation() });
    await nextProcess();
    expectNothingLeft();
    expect(readText(scene.disk(volume), 7)).toBe("changed");
    expect((await scene.find(volume))?.record).toEqual(volume.record);
  });

  test("whose copy was complete is finished, and the record follows the new file", async () => {
    leave(volume.record.uid, { operation: operation(statSync(`${staged()}/disk.raw`).ino) });
    await nextProcess();
    expectNothingLeft();
    expect(readText(scene.disk(volume), 7)).toBe("content");
    expect(await scene.find(volume)).toMatchObject({
      health: "ready",
      record: { revision: volume.record.revision + 1 },
    });
  });

  test("whose copy is in place already is finished, and until then the new file is no stranger", async () => {
    const inode = statSync(`${staged()}/disk.raw`).ino;
    renameSync(`${staged()}/disk.raw`, scene.disk(volume));
    leave(volume.record.uid, { operation: operation(inode) });
    expect(await scene.find(volume)).toMatchObject({ health: "ready" });
    await nextProcess();
    expectNothingLeft();
    expect(await scene.find(volume)).toMatchObject({ health: "ready" });
    expect(readText(scene.disk(volume), 7)).toBe("content");
  });

  test("whose copy has vanished is given up by repair; the volume keeps what it had", async () => {
    const inode = statSync(`${staged()}/disk.raw`).ino;
    require("node:fs").rmSync(staged(), { recursive: true });
    leave(volume.record.uid, { operation: operation(inode) });
    await nextProcess();
    expect(scene.warnings.length).toBeGreaterThan(0);
    await scene.volume("other"); // one object that cannot be recovered stops no other
    expect(await scene.fsck(true)).toContainEqual(
      expect.objectContaining({ object: volume.record.uid, repaired: true }),
    );
    expectNothingLeft();
    expect(readText(scene.disk(volume), 7)).toBe("changed");
  });
});

test("a purge is finished from wherever it was left", async () => {
  const uids = [volume, await scene.volume("b"), await scene.volume("c")].map((made) => made.record.uid) as [
    string,
    string,
    string,
  ];
  renameSync(scene.file("data", uids[1]), scene.file(".krstorage", "new", uids[1]));
  renameSync(scene.file("data", uids[2]), `${scene.path}/gone`);
  for (const uid of uids) leave(uid, { phase: "purging" });
  await nextProcess();
  expectNothingLeft();
  expect((await scene.list()).objects).toEqual([]);
  expect(readdirSync(scene.file("data"))).toEqual([]);
  const actions = scene.sql("SELECT action FROM audit WHERE uid = ? ORDER BY id", uids[0]).map((row) => row.action);
  expect(actions).toEqual(["create", "purged"]);
});

test("what is left by several dead processes is finished by several at once, each thing once", async () => {
  const many = await Promise.all(Array.from({ length: 12 }, (_, index) => scene.volume(`v${index}`)));
  many.forEach((made, index) => {
    const session = `${index % 3}`.repeat(24);
    writeFileSync(scene.file(".krstorage", "sessions", `${session}.db`), "");
    leave(made.record.uid, { operation: { type: "grow", toBytes: 2 * mebibyte }, session });
  });
  await Promise.all(Array.from({ length: 4 }, () => nextProcess()));
  const { objects } = await scene.list();
  for (const made of many) {
    const now = objects.find((object) => object.record.uid === made.record.uid);
    expect(now?.record).toMatchObject({ sizeBytes: 2 * mebibyte, revision: 2 });
  }
  expect(readdirSync(scene.file(".krstorage", "sessions")).filter((name) => /^(.)\1+\.db$/.test(name))).toEqual([]);
});

test("an operation waits for one of another call on the same object", async () => {
  const other = scene.open();
  const [a, b] = await Promise.all([
    scene.driver.grow(scene.ref, matchOf(volume), 2 * mebibyte, call),
    other.grow(scene.ref, matchOf(volume), 4 * mebibyte, call),
  ]);
  expect(Math.max(a.record.sizeBytes, b.record.sizeBytes)).toBe(4 * mebibyte);
  expect((await scene.find(volume))?.record.sizeBytes).toBe(4 * mebibyte);
});

test("closing a driver leaves no session behind, and a new one starts clean", async () => {
  await scene.driver.close();
  expect(readdirSync(scene.file(".krstorage", "sessions"))).toEqual([]);
  expect(existsSync(scene.file(".krstorage", "pool.db"))).toBe(true);
  await refusal(scene.driver.list(scene.ref, call), "INTERNAL");
});

test("a pool that a living process is just removing is in use by that; a dead one keeps nobody from it", async () => {
  const record = (await scene.driver.readPool(scene.ref, call))?.record;
  const remove = () => scene.driver.removePool(scene.ref, { uid: record?.uid ?? "", claim: record?.claim ?? "" }, call);
  const living = Session.begin(scene.file(".krstorage", "sessions"));
  scene.sql("UPDATE pool SET removing = ?", living.id);
  expect((await refusal(remove(), "IN_USE")).message).toContain("being removed by another process");
  living.abandon();
  expect((await refusal(remove(), "IN_USE")).message).toContain("it holds data");
});

import { execFileSync } from "node:child_process";
import {
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { StoredObject } from "../../../provider/drivers/driver";
import { newClaim } from "../../../provider/drivers/record";
import { describeWith } from "../../support/requires";
import { call, matchOf, mebibyte, newSnapshot, newVolume, refusal, Scene } from "./support/scene";

let scene: Scene;
let volume: StoredObject;
let treasure: string;
beforeEach(async () => {
  scene = await Scene.start();
  volume = await scene.volume("data");
  treasure = join(scene.path, "treasure");
  writeFileSync(treasure, "t".repeat(2 * mebibyte), { mode: 0o600 });
});
afterEach(() => scene.end());

/** Everything that would read or change the disk is refused, and nothing happens to what was planted or what it points at. */
async function expectDamaged(sentence: string): Promise<void> {
  const before = lstatSync(treasure);
  const listed = await scene.find(volume);
  expect(listed).toMatchObject({ health: "damaged", phase: "live" });
  expect(listed?.problem).toContain(sentence);
  await refusal(scene.driver.grow(scene.ref, matchOf(volume), 8 * mebibyte, call), "PRECONDITION_FAILED");
  await refusal(scene.driver.create(scene.ref, newSnapshot(volume, "one"), call), "PRECONDITION_FAILED");
  await refusal(
    scene.driver.create(scene.ref, newVolume("copy", { sourceUid: volume.record.uid }), call),
    "PRECONDITION_FAILED",
  );
  const findings = await scene.fsck(true);
  expect(findings).toContainEqual(expect.objectContaining({ object: volume.record.uid, repaired: false }));
  await scene.driver.update(scene.ref, matchOf(volume), { labels: { still: "works" } }, call);
  await scene.trash(volume);
  await refusal(scene.driver.undelete(scene.ref, { uid: volume.record.uid, claim: "c" }, call), "PRECONDITION_FAILED");
  await scene.purge(volume);
  expect(readFileSync(treasure, "utf8")).toBe("t".repeat(2 * mebibyte));
  const after = lstatSync(treasure);
  expect([after.mode, after.size, after.mtimeMs]).toEqual([before.mode, before.size, before.mtimeMs]);
  await scene.volume("other");
}

test("a symbolic link in the place of a disk is never followed", async () => {
  rmSync(scene.disk(volume));
  symlinkSync(treasure, scene.disk(volume));
  await expectDamaged("symbolic link");
});

test("a symbolic link in the place of an object's folder is never followed", async () => {
  const folder = scene.file("data", volume.record.uid);
  renameSync(folder, `${scene.path}/moved`);
  renameSync(treasure, `${scene.path}/moved/disk.raw`);
  treasure = `${scene.path}/moved/disk.raw`;
  symlinkSync(`${scene.path}/moved`, folder);
  const before = readdirSync(`${scene.path}/moved`);
  await expectDamaged("is not a folder");
  expect(readdirSync(`${scene.path}/moved`)).toEqual(before);
});

test("a disk with a second name is damaged: someone else may write to it", async () => {
  rmSync(scene.disk(volume));
  linkSync(treasure, scene.disk(volume));
  await expectDamaged("hard links");
});

test("a pipe in the place of a disk hangs nothing", async () => {
  rmSync(scene.disk(volume));
  execFileSync("mkfifo", [scene.disk(volume)]);
  await expectDamaged("not a regular file");
});

describeWith({ needs: ["root"] }, "as root", () => {
  test("a disk that a hypervisor has made its own stays what it is, through trash and back", async () => {
    chownSync(scene.disk(volume), 12345, 12345);
    const { objects } = await scene.driver.list(scene.ref, call);
    expect(objects.find((object) => object.record.uid === volume.record.uid)?.health).toBe("ready");
    await scene.driver.trash(scene.ref, matchOf(volume), 60_000, call);
    const back = await scene.driver.undelete(scene.ref, { uid: volume.record.uid, claim: newClaim() }, call);
    expect(back.health).toBe("ready");
  });
});

test("a rollback replaces a linked disk by a new file and leaves the other name alone", async () => {
  const snapshot = await scene.snapshot(volume, "one");
  rmSync(scene.disk(volume));
  linkSync(treasure, scene.disk(volume));
  const rolled = await scene.driver.rollback(scene.ref, matchOf(volume), snapshot.record.uid, call);
  expect(rolled.health).toBe("ready");
  expect(readFileSync(treasure, "utf8")).toBe("t".repeat(2 * mebibyte));
});

test.each(["data", ".krstorage"])("a symbolic link in the place of the pool's folder %s is refused", async (name) => {
  renameSync(scene.file(name), `${scene.path}/moved`);
  symlinkSync(`${scene.path}/moved`, scene.file(name));
  await refusal(scene.list(), "PRECONDITION_FAILED");
  await refusal(scene.volume("more"), "PRECONDITION_FAILED");
});

test("a symbolic link or foreign file among the links for people stays", async () => {
  const link = scene.file("volumes", "more");
  writeFileSync(link, "mine");
  await scene.volume("more");
  expect(readFileSync(link, "utf8")).toBe("mine");
  expect(await scene.fsck(true)).toContainEqual(expect.objectContaining({ object: link, repaired: false }));
});

test("files that are not ours in the data folder are told and kept, and no create minds them", async () => {
  mkdirSync(scene.file("data", "backup"));
  writeFileSync(scene.file("data", "notes.txt"), "mine");
  await scene.volume("more");
  expect((await scene.fsck(true)).map((finding) => finding.object)).toEqual(
    expect.arrayContaining([scene.file("data", "backup"), scene.file("data", "notes.txt")]),
  );
  expect(readFileSync(scene.file("data", "notes.txt"), "utf8")).toBe("mine");
});

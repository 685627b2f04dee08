import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localDriver } from "../../../provider/drivers/local";
import { openStorage } from "../../../provider/storage";
import { treeHash } from "../../engine/support/treeHash";
import { LoopDisk } from "../../support/loopDisk";
import { describeWith } from "../../support/requires";
import { call, newPool, refusal, Scene } from "./support/scene";

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.start();
});
afterEach(() => scene.end());

test("a look at what a new pool would be writes nothing, and makes no folder", async () => {
  await scene.volume("data");
  const before = treeHash(scene.path);
  await scene.driver.prospect("hdd", call);
  expect(treeHash(scene.path)).toBe(before);
  const other = Scene.bare({ path: join(scene.path, "new") });
  await other.driver.prospect("hdd", call);
  await other.driver.close();
  expect(treeHash(scene.path)).toBe(before);
});

test("a backend folder that does not exist is told, with what it would be made on, and no longer when it is there", async () => {
  const path = join(scene.path, "storge");
  const other = Scene.bare({ path });
  const { notes } = await other.driver.prospect("ssd", call);
  expect(notes).toEqual([
    expect.stringMatching(
      process.platform === "linux" ? /storge does not exist and will be made, on \// : /will be made$/,
    ),
  ]);
  await other.driver.createPool(newPool("ssd"), call);
  expect((await other.driver.prospect("hdd", call)).notes).toEqual([]);
  await other.driver.close();
});

test("a backend folder of whose path nothing is there but the top is refused, when looking and when making, and nothing is made", async () => {
  const above = `/krstorage-unit-${process.pid}`;
  const path = join(above, "storage");
  const other = Scene.bare({ path });
  for (const attempt of [other.driver.prospect("ssd", call), other.driver.createPool(newPool("ssd"), call)])
    expect((await refusal(attempt, "PRECONDITION_FAILED")).message).toContain(`${above} does not exist`);
  expect(existsSync(above)).toBe(false);
  await other.driver.close();
  // Below a folder of somebody's own the path is hardly one to a disk: there it is made
  const own = Scene.bare({ path: join(scene.path, ".local", "storage") });
  await own.driver.createPool(newPool("ssd"), call);
  await own.driver.close();
});

test("the default backend is made with the folders above it, and so is one that says so", async () => {
  const home = join(scene.path, "home", ".local", "share", "krstorage");
  const { KRSTORAGE_HOME: former } = process.env;
  process.env.KRSTORAGE_HOME = home;
  const storage = openStorage();
  try {
    await storage.createPool("local/ssd", { reserve: "0B" });
    expect(existsSync(join(home, "ssd"))).toBe(true);
  } finally {
    await storage.close();
    if (former === undefined) delete process.env.KRSTORAGE_HOME;
    else process.env.KRSTORAGE_HOME = former;
  }
  const top = Scene.bare({ path: `/krstorage-unit-${process.pid}/storage`, makeParents: true });
  expect((await top.driver.prospect("ssd", call)).notes).toEqual([expect.stringContaining("will be made")]);
  await top.driver.close();
});

test("what making would refuse, looking refuses: somebody else's files in the pool's folder", async () => {
  mkdirSync(join(scene.path, "hdd"), { mode: 0o711 });
  writeFileSync(join(scene.path, "hdd", "letters.txt"), "not ours");
  expect((await refusal(scene.driver.prospect("hdd", call), "ALREADY_EXISTS")).message).toContain("letters.txt");
});

/** What a look tells of the capabilities that depend on whether files share blocks, and the whole that a pool then has. */
async function told(path: string, allowFilesystem?: string) {
  const other = Scene.bare({ path, ...(allowFilesystem === undefined ? {} : { allowFilesystem }) });
  const { capabilities, medium } = await other.driver.prospect("ssd", call);
  const made = await other.driver.createPool(newPool("ssd"), call);
  await other.driver.close();
  const { copyOnWrite, onlineSnapshot, shareSnapshot } = capabilities ?? {};
  return { told: { copyOnWrite, onlineSnapshot, shareSnapshot }, all: capabilities, medium, made };
}
const none = { copyOnWrite: false, onlineSnapshot: "none", shareSnapshot: "none" };
const every = { copyOnWrite: true, onlineSnapshot: "crash", shareSnapshot: "offline" };

describeWith({ needs: ["linux"] }, "on tmpfs", () => {
  test("it is certain that files share no blocks", async () => {
    const path = mkdtempSync("/dev/shm/krs-unit-");
    try {
      const { told: known, all, medium, made } = await told(path, "tmpfs");
      expect(known).toEqual(none);
      expect(all).toEqual(made.record.capabilities);
      expect([medium, made.medium]).toEqual(["tmpfs", "tmpfs"]);
    } finally {
      rmSync(path, { recursive: true });
    }
  });
});

describeWith({ needs: ["reflink"] }, "on a file system of its own", () => {
  test.each(["ext4", "btrfs", "xfs"] as const)(
    "%s: what is certain before a pool is made",
    async (name) => {
      const disk = new LoopDisk(name);
      try {
        const { told: known, all, medium, made } = await told(mkdtempSync(join(disk.path, "storage-")));
        expect([medium, made.medium]).toEqual([name, name]);
        if (name === "xfs") {
          // How it was formatted decides, and only trying tells
          expect(known).toEqual({ copyOnWrite: undefined, onlineSnapshot: undefined, shareSnapshot: undefined });
          expect(all).toMatchObject({ trash: true, shareProtocols: ["directory"], qos: "consumer" });
        } else {
          expect(known).toEqual(name === "ext4" ? none : every);
          expect(all).toEqual(made.record.capabilities);
        }
      } finally {
        disk.end();
      }
    },
    60_000,
  );
});

test("the documented columns are what pools there have", () => {
  expect(Object.keys(localDriver.capabilities ?? {})).toEqual(["on ext4", "on btrfs, xfs"]);
});

import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { localDriver } from "../../../provider/drivers/local";
import { describeWith } from "../../support/requires";
import { call, newPool, newVolume, refusal, Scene } from "./support/scene";

let scene: Scene;
beforeEach(() => {
  scene = Scene.bare();
});
afterEach(() => scene.end());

const create = (name = "ssd") => scene.driver.createPool(newPool(name), call);

test("options: the path is absolute", () => {
  expect(localDriver.options.safeParse({ path: "relative/folder" }).success).toBe(false);
  expect(localDriver.options.safeParse({ path: "~/pools" }).success).toBe(false);
  expect(localDriver.options.safeParse({ path: "/srv/pools" }).success).toBe(true);
});

test("a pool folder that is a symbolic link is refused, and nothing is made behind it", async () => {
  const elsewhere = scene.file("..", "elsewhere");
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, scene.file());
  expect((await refusal(create(), "PERMISSION_DENIED")).message).toContain(scene.file());
  await refusal(scene.driver.prospect("ssd", call), "PERMISSION_DENIED");
  expect(readdirSync(elsewhere)).toEqual([]);
});

test.each([0o777, 0o770, 0o1777])(
  "a pool folder that others can write (%o) is refused, at making and later",
  async (mode) => {
    mkdirSync(scene.file());
    chmodSync(scene.file(), mode);
    expect((await refusal(create(), "PERMISSION_DENIED")).message).toContain("chmod go-w");
    expect(readdirSync(scene.file())).toEqual([]);
    chmodSync(scene.file(), 0o711);
    await create();
    chmodSync(scene.file(), mode);
    await refusal(scene.driver.create(scene.ref, newVolume("data"), call), "PERMISSION_DENIED");
    await refusal(scene.driver.list(scene.ref, call), "PERMISSION_DENIED");
  },
);

test("a backend folder that others can write, or that is a link, is refused", async () => {
  const inner = join(scene.path, "inner");
  mkdirSync(inner);
  chmodSync(inner, 0o777);
  const link = join(scene.path, "link");
  symlinkSync(scene.path, link);
  for (const path of [inner, link]) {
    const other = Scene.bare({ path });
    await refusal(other.driver.createPool(newPool("ssd"), call), "PERMISSION_DENIED");
    await other.driver.close();
  }
  expect(readdirSync(inner)).toEqual([]);
  expect(existsSync(scene.file())).toBe(false);
});

describeWith({ needs: ["root"] }, "as root", () => {
  test("a folder of another user is refused, with its path, and nothing is created", async () => {
    mkdirSync(scene.file());
    chownSync(scene.file(), 12345, 12345);
    const error = await refusal(create(), "PERMISSION_DENIED");
    expect(error.message).toContain(scene.file());
    expect(error.message).toContain("12345");
    expect(readdirSync(scene.file())).toEqual([]);
  });
});

describeWith({ needs: ["linux"] }, "on tmpfs", () => {
  test("a file system that does not keep data is refused unless it is allowed by name or number", async () => {
    const path = mkdtempSync("/dev/shm/krs-unit-");
    try {
      const refused = Scene.bare({ path });
      expect((await refusal(refused.driver.createPool(newPool("ssd"), call), "UNSUPPORTED")).message).toContain(
        'allowFilesystem: "tmpfs"',
      );
      await refusal(refused.driver.prospect("ssd", call), "UNSUPPORTED");
      expect(readdirSync(path)).toEqual([]);
      await refused.driver.close();
      for (const allowFilesystem of ["tmpfs", "0x1021994"]) {
        const allowed = await Scene.start({ path, allowFilesystem });
        await allowed.volume("data");
        await allowed.driver.close();
        rmSync(join(path, "ssd"), { recursive: true });
      }
    } finally {
      rmSync(path, { recursive: true });
    }
  });
});

test("an empty folder and one fresh from mkfs are taken; a folder with files of others is refused and untouched", async () => {
  mkdirSync(join(scene.file(), "lost+found"), { recursive: true });
  await create();
  mkdirSync(join(scene.path, "other"));
  writeFileSync(join(scene.path, "other", "thesis.txt"), "mine");
  expect((await refusal(create("other"), "ALREADY_EXISTS")).message).toContain("thesis.txt");
  expect(readdirSync(join(scene.path, "other"))).toEqual(["thesis.txt"]);
});

test("what an interrupted making left is no pool, and the next making begins anew", async () => {
  const made = await create();
  rmSync(scene.file(".krstorage", "pool.json"));
  expect(await scene.driver.readPool({ name: "ssd" }, call)).toBeUndefined();
  expect(await scene.driver.listPools(call)).toEqual([]);
  const again = await create();
  expect(again.record.identity).not.toBe(made.record.identity);
  await scene.driver.create(scene.ref, newVolume("data"), call);
});

test("a pool that has lost its marker but not its data is never taken for none, nor made anew over it", async () => {
  const made = await create();
  const volume = await scene.driver.create(scene.ref, newVolume("data"), call);
  rmSync(scene.file(".krstorage", "pool.json"));
  expect((await refusal(scene.driver.readPool({ name: "ssd" }, call), "PRECONDITION_FAILED")).message).toContain(
    "fsck",
  );
  await refusal(scene.driver.list({ name: "ssd", identity: made.record.identity }, call), "UNAVAILABLE");
  await refusal(create(), "ALREADY_EXISTS");
  expect(await scene.fsck(true)).toMatchObject([{ repaired: true }]);
  expect((await scene.driver.readPool({ name: "ssd" }, call))?.record).toEqual(made.record);
  expect((await scene.find(volume))?.record).toEqual(volume.record);
});

test("removing leaves files that are not ours, and the folder with them", async () => {
  const { record } = await create();
  writeFileSync(scene.file("notes.txt"), "mine");
  expect(await scene.driver.removePool(scene.ref, record, call)).toBe("removed");
  expect(readdirSync(scene.file())).toEqual(["notes.txt"]);
  expect(await scene.driver.removePool({ name: "ssd", identity: record.identity }, record, call)).toBe("gone");
});

test("a removal that was repeated is gone, also where another pool has the name now; an absent disk is not", async () => {
  const { record } = await create();
  const ref = { name: "ssd", identity: record.identity };
  expect(await scene.driver.removePool(ref, record, call)).toBe("removed");
  expect(existsSync(scene.file())).toBe(false);
  expect(await scene.open().removePool(ref, record, call)).toBe("gone");
  const next = await create();
  expect(await scene.driver.removePool(ref, record, call)).toBe("gone");
  expect((await scene.driver.readPool(scene.ref, call))?.record).toEqual(next.record);
  renameSync(scene.file(), `${scene.file()}.away`);
  await refusal(
    scene.driver.removePool({ name: "ssd", identity: next.record.identity }, next.record, call),
    "UNAVAILABLE",
  );
});

test("a retired pool goes with the last of its trash", async () => {
  const { record } = await create();
  const volume = await scene.driver.create(scene.ref, newVolume("data"), call);
  await scene.trash(volume, 1000);
  expect(await scene.driver.removePool(scene.ref, record, call)).toBe("retired");
  await scene.clock.advance(2000);
  expect(await scene.driver.purge(scene.ref, { uid: volume.record.uid }, call)).toBe(true);
  expect(existsSync(scene.file())).toBe(false);
  expect(await scene.driver.removePool({ name: "ssd", identity: record.identity }, record, call)).toBe("gone");
});

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith } from "../../support/requires";
import { call, matchOf, mebibyte, newSnapshot, newVolume, readText, refusal, Scene, writeText } from "./support/scene";

describe("room", () => {
  test("what is promised fits: creates, clones and grows beyond the capacity are refused and change nothing", async () => {
    const settings = { capacityBytes: 4 * mebibyte, maxOvercommit: 1, reserveBytes: 0, trashRetentionMs: 1000 };
    const scene = await Scene.start({}, { settings });
    const volume = await scene.volume("data", { sizeBytes: 3 * mebibyte });
    for (const attempt of [
      scene.driver.create(scene.ref, newVolume("more", { sizeBytes: 2 * mebibyte }), call),
      scene.driver.create(scene.ref, newVolume("clone", { sourceUid: volume.record.uid }), call),
      scene.driver.grow(scene.ref, matchOf(volume), 5 * mebibyte, call),
    ]) {
      const error = await refusal(attempt, "QUOTA_EXCEEDED");
      expect(error.outcome).toBe("not-applied");
      expect(error.message).toContain("capacity of 4MiB");
    }
    expect(await scene.find(volume)).toEqual({ ...volume, allocatedBytes: expect.any(Number) });
    await scene.trash(volume); // which still counts
    await refusal(scene.volume("more", { sizeBytes: 2 * mebibyte }), "QUOTA_EXCEEDED");
    await scene.purge(volume);
    await scene.volume("more", { sizeBytes: 4 * mebibyte });
    await scene.end();
  });

  test("below the reserve nothing is made, and deleting, purging and reading work", async () => {
    const scene = await Scene.start();
    const volume = await scene.volume("data");
    const settings = { maxOvercommit: 100, reserveBytes: 2 ** 50, trashRetentionMs: 1000 };
    await scene.driver.updatePool(scene.ref, scene.pool.record, { settings }, call);
    for (const attempt of [
      scene.volume("more", { sizeBytes: 4096 }),
      scene.snapshot(volume, "one"),
      scene.driver.grow(scene.ref, matchOf(volume), 2 * mebibyte, call),
    ]) {
      await refusal(attempt, "QUOTA_EXCEEDED");
    }
    expect((await scene.list()).objects).toHaveLength(1);
    await scene.trash(volume);
    await scene.purge(volume);
    await scene.end();
  });

  test("a full pool of thin disks takes what their own blocks had promised", async () => {
    const scene = await Scene.start();
    const volume = await scene.volume("data");
    writeText(scene.disk(volume), "x".repeat(mebibyte));
    const { capacity } = await scene.list().then((listing) => listing.pool);
    expect(capacity.provisionedBytes).toBe(mebibyte);
    const known = (await scene.open().list(scene.ref, call)).pool.capacity.allocatedBytes;
    expect(known).toBeGreaterThanOrEqual(mebibyte);
    expect(known).toBeLessThanOrEqual(statSync(scene.disk(volume)).blocks * 512);
    await scene.end();
  });
});

describeWith({ needs: ["tmpfs"] }, "a disk that is really full", () => {
  let path: string;
  let scene: Scene;
  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), "krs-full-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m,mode=0711", "none", path]);
    scene = await Scene.start({ path, allowFilesystem: "tmpfs" });
  });
  afterEach(async () => {
    await scene.driver.close();
    execFileSync("umount", ["-l", path]);
    rmdirSync(path);
  });

  test("AC-53 in the middle of a copy: a typed error, nothing left behind, and everything else works", async () => {
    const volume = await scene.volume("data", { sizeBytes: 5 * mebibyte });
    writeFileSync(scene.disk(volume), Buffer.alloc(5 * mebibyte, 7));
    const error = await refusal(scene.driver.create(scene.ref, newSnapshot(volume, "one"), call), "QUOTA_EXCEEDED");
    expect(error.message).toContain("main/ssd/data@one");
    expect(error.outcome).toBe("not-applied");
    expect((await scene.list()).objects).toMatchObject([{ phase: "live", health: "ready" }]);
    expect(readdirSync(scene.file(".krstorage", "new"))).toEqual([]);
    const small = await scene.volume("small", { sizeBytes: mebibyte });
    await scene.driver.update(scene.ref, matchOf(small), { labels: { a: "b" } }, call);
    await scene.trash(small);
  });

  test("to the last byte: changes are refused, reads and purges work, and with room all is well again", async () => {
    const [volume, other] = [await scene.volume("data"), await scene.volume("other")];
    writeText(scene.disk(volume), "content");
    const trashed = await scene.trash(other);
    const filler = join(path, "filler");
    execFileSync("sh", ["-c", `cat /dev/zero > ${filler} 2>/dev/null || true`]);
    const seen = new Set<string>();
    for (let attempt = 0; attempt < 40 && seen.size === 0; attempt++) {
      await scene.volume(`more-${attempt}`).catch((error: { code: string }) => seen.add(error.code));
    }
    expect([...seen]).toEqual(["QUOTA_EXCEEDED"]);
    expect((await scene.find(volume))?.health).toBe("ready");
    expect(readText(scene.disk(volume), 7)).toBe("content");
    rmSync(filler);
    await scene.purge(trashed);
    await scene.volume("last");
    expect((await scene.fsck(true)).filter((finding) => !finding.repaired)).toEqual([]);
    expect(await scene.fsck(false)).toEqual([]);
  });
});

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { StoredObject } from "../../../provider/drivers/driver";
import { LoopDisk } from "../../support/loopDisk";
import { describeWith } from "../../support/requires";
import { call, matchOf, mebibyte, newVolume, refusal, Scene } from "./support/scene";

let scene: Scene;
let children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children) {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await ended;
  }
  children = [];
  await scene.end();
});

const modeOf = (path: string) => lstatSync(path).mode & 0o7777;
const treeOf = (object: StoredObject, ...parts: string[]) => scene.file("data", object.record.uid, "tree", ...parts);
const newShare = (name: string, sourceUid?: string) =>
  newVolume(name, { kind: "share", sizeBytes: mebibyte, ...(sourceUid === undefined ? {} : { sourceUid }) });
const share = (name: string, sourceUid?: string): Promise<StoredObject> =>
  scene.driver.create(scene.ref, newShare(name, sourceUid), call);
const holders = async (object: StoredObject) => scene.driver.holders(scene.ref, object.record.uid, call);

/** Another process that runs Node code, until the test ends. It says when it is ready. */
async function elsewhere(code: string, ...args: string[]): Promise<number> {
  const child = spawn(process.execPath, [
    "-e",
    `${code}; process.stdout.write('.'); setInterval(() => {}, 1000)`,
    ...args,
  ]);
  children.push(child);
  await once(child.stdout, "data");
  return child.pid ?? 0;
}

describe("a share", () => {
  beforeEach(async () => {
    scene = await Scene.start();
  });

  test("is a folder of its owner's, reached by its path, linked under its name, with a command to mount it", async () => {
    const made = await share("files");
    const tree = treeOf(made);
    expect(made).toMatchObject({ health: "ready", actualSizeBytes: mebibyte });
    expect(made.connection).toEqual({
      type: "directory",
      path: tree,
      source: tree,
      fileSystem: "none",
      options: ["bind"],
      mountCommand: `mount -o bind -- '${tree}' '/mnt/files'`,
    });
    expect(modeOf(tree)).toBe(0o700);
    expect(modeOf(scene.file("data", made.record.uid))).toBe(0o711);
    expect(made.record.self.split("@")[0]).toBe(String(statSync(tree).ino));
    expect(readlinkSync(scene.file("volumes", "files"))).toBe(`../data/${made.record.uid}/tree`);
    expect(await scene.fsck(false)).toEqual([]);
  });

  test("its modes are its user's; in the trash nobody comes into it, and undelete gives it back as it was", async () => {
    const made = await share("files");
    chmodSync(treeOf(made), 0o1777);
    writeFileSync(treeOf(made, "file"), "kept");
    expect(await scene.fsck(false)).toEqual([]);
    await scene.trash(made);
    expect(modeOf(scene.file("data", made.record.uid))).toBe(0o700);
    expect(existsSync(scene.file("volumes", "files"))).toBe(false);
    expect(await scene.fsck(false)).toEqual([]);
    await scene.driver.undelete(scene.ref, { uid: made.record.uid, claim: "c" }, call);
    expect(modeOf(scene.file("data", made.record.uid))).toBe(0o711);
    expect(modeOf(treeOf(made))).toBe(0o1777);
    expect(readFileSync(treeOf(made, "file"), "utf8")).toBe("kept");
  });

  test("a link, a file or another folder in the place of its own is not taken for it", async () => {
    const made = await share("files");
    renameSync(treeOf(made), scene.file("data", made.record.uid, "moved"));
    expect(await scene.find(made)).toMatchObject({ health: "missing" });
    symlinkSync("/etc", treeOf(made));
    expect(await scene.find(made)).toMatchObject({ health: "damaged" });
    rmSync(treeOf(made));
    mkdirSync(treeOf(made));
    expect(await scene.find(made)).toMatchObject({ health: "copied" });
    rmdirSync(treeOf(made));
    renameSync(scene.file("data", made.record.uid, "moved"), treeOf(made));
    expect(await scene.find(made)).toMatchObject({ health: "ready" });
  });

  test("a copy of the pool's folder is accepted as a whole, shares too", async () => {
    const made = await share("files");
    writeFileSync(treeOf(made, "file"), "kept");
    await scene.driver.close();
    execFileSync("cp", ["-a", scene.file(), scene.file("../copy")]);
    rmSync(scene.file(), { recursive: true });
    renameSync(scene.file("../copy"), scene.file());
    const next = scene.open();
    expect(await scene.find(made, next)).toMatchObject({ health: "copied" });
    await scene.fsck(true, scene.pool.record.identity, next);
    expect(await scene.find(made, next)).toMatchObject({ health: "ready" });
    expect(await scene.fsck(false, undefined, next)).toEqual([]);
  });

  test("a database that is rebuilt has its shares again, live and trashed", async () => {
    const [live, trashed] = [await share("live"), await scene.trash(await share("trashed"))];
    writeFileSync(treeOf(live, "file"), "kept");
    await scene.driver.close();
    for (const part of ["pool.db", "pool.db-wal", "pool.db-shm"])
      rmSync(scene.file(".krstorage", part), { force: true });
    const next = scene.open();
    await scene.fsck(true, undefined, next);
    expect(await scene.find(live, next)).toEqual(live);
    expect(await scene.find(trashed, next)).toEqual(trashed);
    expect((await scene.list(next)).pool.capacity.provisionedBytes).toBe(2 * mebibyte);
  });

  test("what is in it counts as the pool's own, so that a full share takes no room twice", async () => {
    const made = await share("files");
    const before = (await scene.list()).pool.capacity;
    writeFileSync(treeOf(made, "file"), Buffer.alloc(8 * mebibyte, 7), { flush: true });
    linkSync(treeOf(made, "file"), treeOf(made, "same file"));
    const { allocatedBytes } = (await scene.list(scene.open())).pool.capacity;
    expect(allocatedBytes - before.allocatedBytes).toBeGreaterThanOrEqual(8 * mebibyte);
    expect(allocatedBytes - before.allocatedBytes).toBeLessThan(9 * mebibyte);
  });

  test("a tree whose record is lost is kept, and listed as damaged", async () => {
    const made = await share("files");
    writeFileSync(treeOf(made, "file"), "kept");
    scene.sql("DELETE FROM objects");
    rmSync(scene.file("data", made.record.uid, "record.json"));
    await scene.fsck(true);
    expect((await scene.list()).damaged).toMatchObject([{ uid: made.record.uid }]);
    expect(readFileSync(treeOf(made, "file"), "utf8")).toBe("kept");
  });

  test("a link in it is never followed by a purge, and it may be nested as deep as it likes", async () => {
    const outside = join(scene.path, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "file"), "not ours");
    const made = await share("files");
    symlinkSync(outside, treeOf(made, "link"));
    mkdirSync(treeOf(made, "line\nbreak", "-rf", "'quoted' $(touch x)"), { recursive: true });
    // Far deeper than a path can name
    const deepen = `process.chdir(process.argv[1]); const name = 'd'.repeat(200);
for (let i = 0; i < 60; i++) { require('fs').mkdirSync(name); process.chdir(name); } require('fs').writeFileSync('end', '')`;
    execFileSync(process.execPath, ["-e", deepen, treeOf(made)]);
    expect(await holders(made)).toEqual([]);
    await scene.trash(made);
    expect(await scene.purge(made)).toBe(true);
    expect(readFileSync(join(outside, "file"), "utf8")).toBe("not ours");
    expect(readdirSync(scene.file("data"))).toEqual([]);
    expect(readdirSync(scene.file(".krstorage", "new"))).toEqual([]);
  });

  test("on a file system that shares no blocks it is neither copied nor has it snapshots", async () => {
    if (scene.pool.record.capabilities.shareSnapshot !== "none") return; // the system's own folder may be on btrfs or xfs
    const made = await share("files");
    const snapshot = newVolume("files@one", { kind: "snapshot", sourceUid: made.record.uid });
    expect((await refusal(scene.driver.create(scene.ref, snapshot, call), "UNSUPPORTED")).message).toContain(
      "btrfs or xfs",
    );
    await refusal(share("copy", made.record.uid), "UNSUPPORTED");
    expect((await scene.list()).objects).toEqual([made]);
  });

  describeWith({ needs: ["root"] }, "with a group", () => {
    test("it is the group's, and so is what is made in it", async () => {
      await scene.end();
      scene = await Scene.start({ group: "1" });
      const made = await share("files");
      expect(modeOf(treeOf(made))).toBe(0o2770);
      expect(statSync(treeOf(made)).gid).toBe(1);
      writeFileSync(treeOf(made, "file"), "");
      expect(statSync(treeOf(made, "file")).gid).toBe(1);
    });
  });

  describeWith({ needs: ["linux"] }, "what uses it", () => {
    test("where GNU find is not to be had, nobody is taken for not using it", async () => {
      const made = await share("files");
      const bin = join(scene.path, "bin");
      mkdirSync(bin);
      writeFileSync(join(bin, "find"), "#!/bin/sh\necho 'find: unrecognized: -printf' >&2; exit 1\n", { mode: 0o755 });
      const path = process.env.PATH;
      try {
        for (const poor of [`${bin}:${path}`, "/nowhere"]) {
          process.env.PATH = poor;
          const error = await refusal(scene.driver.trash(scene.ref, matchOf(made), 0, call), "UNSUPPORTED");
          expect(error.message).toContain("find");
        }
      } finally {
        process.env.PATH = path;
      }
      expect((await scene.find(made))?.phase).toBe("live");
    });

    test("an open file writes or reads; a folder that someone is in, or has open, is a use", async () => {
      const made = await share("files");
      mkdirSync(treeOf(made, "deep", "er"), { recursive: true });
      writeFileSync(treeOf(made, "deep", "er", "file"), "");
      const uses: [code: string, where: string, writes: boolean][] = [
        ["require('fs').openSync(process.argv[1], 'a')", "deep/er/file", true],
        ["require('fs').openSync(process.argv[1], 'r')", "deep/er/file", false],
        ["require('fs').openSync(process.argv[1], 'r')", "deep/er", false],
        ["process.chdir(process.argv[1])", "deep", false],
        ["process.chdir(process.argv[1])", "", false],
      ];
      for (const [code, where, writes] of uses) {
        const pid = await elsewhere(code, treeOf(made, where));
        expect(await holders(made)).toEqual([{ name: expect.stringContaining(String(pid)), writes }]);
        const error = await refusal(scene.driver.trash(scene.ref, matchOf(made), 0, call), "IN_USE");
        expect(error.message).toContain(String(pid));
        const child = children.pop();
        const ended = child && once(child, "exit");
        child?.kill("SIGKILL");
        await ended;
      }
      expect(await holders(made)).toEqual([]);
      await scene.trash(made);
    });

    test("a program that runs from it has it in its memory", async () => {
      const made = await share("files");
      execFileSync("cp", ["/bin/sleep", treeOf(made, "program")]);
      const child = spawn(treeOf(made, "program"), ["1000"], { stdio: "ignore" });
      children.push(child);
      await once(child, "spawn");
      expect(await holders(made)).toContainEqual({ name: expect.stringContaining(String(child.pid)), writes: false });
    });

    describeWith({ needs: ["loop"] }, "with mounts", () => {
      test("a mount of it, or of something in it, keeps it from the trash", async () => {
        const made = await share("files");
        mkdirSync(treeOf(made, "part"));
        const at = join(scene.path, "a mount");
        mkdirSync(at);
        for (const part of ["", "part"]) {
          execFileSync("mount", ["-o", "bind", "--", treeOf(made, part), at]);
          try {
            expect(await holders(made)).toEqual([{ name: `the mount ${at}`, writes: false }]);
            await refusal(scene.driver.trash(scene.ref, matchOf(made), 0, call), "IN_USE");
            const pid = await elsewhere("require('fs').openSync(process.argv[1] + '/file', 'w')", at);
            expect(await holders(made)).toContainEqual({ name: expect.stringContaining(String(pid)), writes: true });
            const child = children.pop();
            const ended = child && once(child, "exit");
            child?.kill("SIGKILL");
            await ended;
          } finally {
            execFileSync("umount", [at]);
          }
        }
        await scene.trash(made);
      });

      test("the command that it comes with mounts it, whatever its path holds", async () => {
        await scene.end();
        const path = join(scene.path, 'it\'s a "folder" $(touch x)');
        mkdirSync(path, { recursive: true, mode: 0o711 });
        scene = await Scene.start({ path });
        const made = await share("files");
        writeFileSync(treeOf(made, "file"), "reached");
        const at = join(path, "mnt");
        mkdirSync(at);
        const command = made.connection?.type === "directory" ? made.connection.mountCommand : "";
        execFileSync("sh", ["-c", command.replace("'/mnt/files'", '"$0"'), at]);
        try {
          expect(readFileSync(join(at, "file"), "utf8")).toBe("reached");
        } finally {
          execFileSync("umount", [at]);
        }
      });
    });
  });
});

describeWith({ needs: ["reflink"] }, "snapshots of shares", () => {
  let disk: LoopDisk;
  let made: StoredObject;
  beforeAll(() => {
    disk = new LoopDisk("btrfs");
  }, 60_000);
  afterAll(() => disk.end());
  beforeEach(async () => {
    const path = mkdtempSync(join(disk.path, "storage-"));
    scene = await Scene.start({ path });
    made = await share("files");
  });

  test("everything that a tree can hold is in them, but devices, pipes and sockets", async () => {
    writeFileSync(treeOf(made, "file"), "kept", { mode: 0o640 });
    utimesSync(treeOf(made, "file"), 1000, 2000);
    linkSync(treeOf(made, "file"), treeOf(made, "same file"));
    symlinkSync("/etc/shadow", treeOf(made, "link"));
    symlinkSync(".", treeOf(made, "loop"));
    writeFileSync(treeOf(made, "program"), "", { mode: 0o755 });
    chmodSync(treeOf(made, "program"), 0o4755);
    mkdirSync(treeOf(made, "closed"), { mode: 0o500 });
    writeFileSync(treeOf(made, "sparse"), "");
    truncateSync(treeOf(made, "sparse"), 256 * mebibyte);
    const odd = [
      Buffer.from("line\nbreak"),
      Buffer.from([0xff, 0xfe, 0x0a]),
      Buffer.from(" '$(x)\"\\"),
      Buffer.from("-rf"),
    ];
    for (const name of odd) writeFileSync(Buffer.concat([Buffer.from(`${treeOf(made)}/`), name]), "odd");
    execFileSync("mkfifo", [treeOf(made, "pipe")]);
    execFileSync("mknod", [treeOf(made, "closed", "device"), "b", "7", "0"]);
    await elsewhere("const s = require('net').createServer().listen(process.argv[1])", treeOf(made, "socket"));
    children.pop()?.kill("SIGKILL");

    const snapshot = await scene.snapshot(made, "one");
    const names = readdirSync(treeOf(snapshot), { encoding: "buffer" }).map((name) => name.toString("latin1"));
    const expected = [
      "file",
      "same file",
      "link",
      "loop",
      "program",
      "closed",
      "sparse",
      ...odd.map((name) => name.toString("latin1")),
    ];
    expect(names.sort()).toEqual(expected.sort());
    expect(readFileSync(treeOf(snapshot, "file"), "utf8")).toBe("kept");
    expect(lstatSync(treeOf(snapshot, "file"))).toMatchObject({ nlink: 2, mtimeMs: 2_000_000 });
    expect(modeOf(treeOf(snapshot, "file"))).toBe(0o640);
    expect(readlinkSync(treeOf(snapshot, "link"))).toBe("/etc/shadow");
    expect(modeOf(treeOf(snapshot, "program"))).toBe(0o4755);
    expect(readdirSync(treeOf(snapshot, "closed"))).toEqual([]);
    expect(lstatSync(treeOf(snapshot, "sparse"))).toMatchObject({ size: 256 * mebibyte, blocks: 0 });
    expect(scene.warnings.join()).toContain("3 devices, pipes or sockets");
    // Nobody but the pool's owner gets in, and nobody is to write there
    expect(modeOf(treeOf(snapshot))).toBe(0o500);
    expect(modeOf(scene.file("data", snapshot.record.uid))).toBe(0o700);
    expect(await scene.fsck(false)).toEqual([]);
    expect(readdirSync(scene.file(".krstorage", "new"))).toEqual([]);
    const again = await share("again", snapshot.record.uid);
    expect(modeOf(treeOf(again))).toBe(0o700);
    expect(readFileSync(treeOf(again, "file"), "utf8")).toBe("kept");
  });

  describeWith({ needs: ["python3"] }, "with a program that can do more than Node", () => {
    test("blocks are shared, and attributes and access lists kept", async () => {
      writeFileSync(treeOf(made, "large"), Buffer.alloc(8 * mebibyte, 7));
      const set = "import os, sys; os.setxattr(sys.argv[1], b'user.note', b'kept')";
      execFileSync("python3", ["-c", set, treeOf(made, "large")]);
      const before = statSync(scene.file()).dev;
      const snapshot = await scene.snapshot(made, "one");
      expect(statSync(treeOf(snapshot)).dev).toBe(before);
      const get = "import os, sys; print(os.getxattr(sys.argv[1], b'user.note').decode())";
      expect(execFileSync("python3", ["-c", get, treeOf(snapshot, "large")], { encoding: "utf8" }).trim()).toBe("kept");
      expect((await scene.list()).pool.capacity.provisionedBytes).toBe(mebibyte);
    });

    test("a file that is written through memory alone, with nothing open, keeps a copy from being made", async () => {
      writeFileSync(treeOf(made, "mapped"), Buffer.alloc(4096));
      const code = `import mmap, os, sys, time
f = os.open(sys.argv[1], os.O_RDWR); m = mmap.mmap(f, 4096); os.close(f); m[0:1] = b'x'
print('.', flush=True)
while True: time.sleep(0.01); m[1:2] = b'y'`;
      const child = spawn("python3", ["-c", code, treeOf(made, "mapped")]);
      children.push(child);
      await once(child.stdout, "data");
      const error = await refusal(scene.snapshot(made, "one"), "IN_USE");
      expect(error.message).toContain(String(child.pid));
      expect((await scene.list()).objects).toEqual([made]);
    });
  });

  test("readers, mounts and who is in it do not stand in the way", async () => {
    writeFileSync(treeOf(made, "file"), "kept");
    await elsewhere("process.chdir(process.argv[1]); require('fs').openSync('file', 'r')", treeOf(made));
    const at = join(disk.path, "bound");
    mkdirSync(at);
    execFileSync("mount", ["-o", "bind", "--", treeOf(made), at]);
    try {
      const snapshot = await scene.snapshot(made, "one");
      expect(readFileSync(treeOf(snapshot, "file"), "utf8")).toBe("kept");
    } finally {
      execFileSync("umount", [at]);
      rmdirSync(at);
    }
  });

  test("paths that are longer than any program can name are refused in a sentence, and nothing is left", async () => {
    const deepen = `process.chdir(process.argv[1]); const name = 'd'.repeat(200);
for (let i = 0; i < 40; i++) { require('fs').mkdirSync(name); process.chdir(name); } require('fs').writeFileSync('end', '')`;
    execFileSync(process.execPath, ["-e", deepen, treeOf(made)]);
    const error = await refusal(scene.snapshot(made, "one"), "PRECONDITION_FAILED");
    expect(error.message).toContain("nested so deeply");
    expect((await scene.list()).objects).toEqual([made]);
    expect(readdirSync(scene.file(".krstorage", "new"))).toEqual([]);
    await scene.purge(await scene.trash(made));
  });

  test("what is behind a mount in it is not copied", async () => {
    mkdirSync(treeOf(made, "other"));
    execFileSync("mount", ["-t", "tmpfs", "none", treeOf(made, "other")]);
    try {
      writeFileSync(treeOf(made, "other", "file"), "elsewhere");
      const snapshot = await scene.snapshot(made, "one");
      expect(readdirSync(treeOf(snapshot, "other"))).toEqual([]);
      expect(scene.warnings.join()).toContain("1 folders of its source are other file systems");
    } finally {
      execFileSync("umount", [treeOf(made, "other")]);
    }
  });
});

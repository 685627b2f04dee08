import { execFileSync } from "node:child_process";
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { writePrivateFile } from "../../../agent/cli/privateFile";
import type { ObjectInfo } from "../../../provider/storage";
import { thrown } from "../support/thrown";
import { CliScene } from "./support/cliScene";

jest.setTimeout(60_000); // each test starts processes, and other tests run at the same time

let scene: CliScene;
beforeEach(async () => {
  scene = await CliScene.start();
});
afterEach(() => scene.end());

function write(volume: ObjectInfo, text: string): void {
  const file = openSync(pathOf(volume), "r+");
  writeSync(file, text, 0);
  closeSync(file);
}
function read(volume: ObjectInfo, length: number): string {
  const file = openSync(pathOf(volume), "r");
  const bytes = Buffer.alloc(length);
  readSync(file, bytes, 0, length, 0);
  closeSync(file);
  return bytes.toString();
}
function pathOf({ connection }: ObjectInfo): string {
  if (connection?.type !== "file") throw new Error("it has no file");
  return connection.path;
}

test("a restore in place brings the bytes back, and keeps the ones it found", async () => {
  const volume = await scene.volume("data");
  write(volume, "good");
  await scene.json("snapshot", "main/ssd/data", "before");
  write(volume, "evil");
  const dry = await scene.json("restore", "main/ssd/data@before", "--in-place", "--dry-run");
  expect([dry, read(volume, 4)]).toEqual([{ dryRun: true, volume: volume.id, uid: volume.uid, inUse: [] }, "evil"]);
  const done = await scene.json<{ volume: ObjectInfo; safety: ObjectInfo }>(
    "restore",
    "main/ssd/data@before",
    "--in-place",
  );
  expect([done.volume.uid, read(volume, 4)]).toEqual([volume.uid, "good"]);
  const kept = await scene.json<{ volume: ObjectInfo }>("restore", done.safety.id, "--to", "main/ssd/found");
  expect([read(kept.volume, 4), read(volume, 4)]).toEqual(["evil", "good"]);
});

test("a copy is of the bytes of now, never one that was made before under the name", async () => {
  const volume = await scene.volume("data");
  write(volume, "old");
  await scene.json("snapshot", "main/ssd/data", "x");
  await scene.json("clone", "main/ssd/data@x", "main/ssd/copy");
  write(volume, "new");
  expect(await scene.run("snapshot", "main/ssd/data", "x")).toMatchObject({ code: 4 });
  expect(await scene.run("clone", "main/ssd/data@x", "main/ssd/copy")).toMatchObject({ code: 4 });
  expect(await scene.run("restore", "main/ssd/data@x", "--to", "main/ssd/copy")).toMatchObject({ code: 4 });
  const larger = await scene.json<{ object: ObjectInfo }>("clone", "main/ssd/data", "main/ssd/big", "--size", "2MiB");
  expect([read(larger.object, 3), larger.object.sizeBytes]).toEqual(["new", 2 ** 21]);
});

test("a share is listed, cloned as a share, deleted and brought back", async () => {
  const share = await scene.using((storage) => storage.createShare("main/ssd/files", { size: "1MiB" }));
  const path = share.connection?.type === "directory" ? share.connection.path : "";
  writeFileSync(join(path, "a"), "content");
  const cloned = await scene.run("clone", "main/ssd/files", "main/ssd/copy", "--json");
  if (cloned.code === 0) {
    const { object } = JSON.parse(cloned.stdout) as { object: ObjectInfo };
    const copied = object.connection?.type === "directory" ? object.connection.path : "";
    expect([object.kind, readFileSync(join(copied, "a"), "utf8")]).toEqual(["share", "content"]);
  } else {
    // Where no blocks are shared a tree has no point in time, and that is what is said
    expect(cloned).toMatchObject({ code: 8, stderr: expect.stringContaining("btrfs or xfs") });
  }
  await scene.json("delete", "main/ssd/files");
  expect(await scene.json("undelete", "main/ssd", share.uid)).toMatchObject({ object: { kind: "share" } });
  const { stdout } = await scene.run("du", "main/ssd");
  expect(stdout).toMatch(/main\/ssd\/files/);
});

test("AC-11 what was deleted is listed with its uid and time, comes back with its bytes, and ends only by its uid", async () => {
  const volume = await scene.volume("data");
  write(volume, "kept");
  await scene.json("delete", "main/ssd/data", "--dry-run");
  expect(await scene.run("get", "main/ssd/data")).toMatchObject({ code: 0 });
  await scene.json("delete", "main/ssd/data");
  const { objects } = await scene.json<{ objects: (ObjectInfo & { trashedAt: string })[] }>("ls", "--trash");
  expect(objects).toMatchObject([{ uid: volume.uid, expiresAt: expect.any(String), trashedAt: expect.any(String) }]);
  const back = await scene.json<{ object: ObjectInfo }>("undelete", "main/ssd", volume.uid, "--name", "data-2");
  expect([back.object.id, back.object.uid, read(back.object, 4)]).toEqual(["main/ssd/data-2", volume.uid, "kept"]);

  await scene.json("delete", "main/ssd/data-2");
  const uids = ["--uid", volume.uid, "--allow-data-loss", volume.uid];
  expect(await scene.run("purge", "main/ssd", "--uid", volume.uid)).toMatchObject({ code: 7 });
  expect(await scene.json("purge", "main/ssd")).toMatchObject({ purged: [], kept: [{ uid: volume.uid }] });
  expect(await scene.json("purge", "main/ssd", ...uids, "--dry-run")).toMatchObject({ dryRun: true, purged: [{}] });
  expect(await scene.json("purge", "main/ssd", "--dry-run")).toMatchObject({
    purged: [],
    kept: [{ reason: expect.stringMatching(/^kept until /) }],
  });
  expect(await scene.json("ls", "--trash")).toMatchObject({ objects: [{ uid: volume.uid }] });
  expect(await scene.json("purge", "main/ssd", ...uids)).toMatchObject({ purged: [{ uid: volume.uid }] });
  expect(await scene.json("ls", "--all")).toMatchObject({ objects: [] });
});

test("purging a live object is refused, and a dry run says so", async () => {
  const { uid } = await scene.volume("data");
  const args = ["purge", "main/ssd", "--uid", uid, "--allow-data-loss", uid];
  expect(await scene.json(...args, "--dry-run")).toMatchObject({ purged: [], kept: [{ reason: /not in the trash/ }] });
  expect(await scene.run(...args)).toMatchObject({ code: 7 });
  expect(await scene.run("get", "main/ssd/data")).toMatchObject({ code: 0 });
});

test("a stale user is released by name, and only that one", async () => {
  await scene.volume("data");
  await scene.using((storage) => storage.setConsumers("main/ssd/data", ["vm/a", "vm/b"]));
  const blocked = await scene.run("delete", "main/ssd/data");
  expect([blocked.code, blocked.stderr]).toEqual([6, expect.stringContaining("vm/a")]);
  expect(await scene.json("delete", "main/ssd/data", "--dry-run")).toMatchObject({
    obstacles: ["it is registered as used by vm/a", "it is registered as used by vm/b"],
  });
  expect(await scene.json("release", "main/ssd/data", "--consumer", "vm/a", "--force")).toMatchObject({
    consumers: ["vm/a"],
    object: { consumers: [{ id: "vm/b" }] },
  });
  expect(await scene.json("holders", "main/ssd/data")).toMatchObject({ inUse: true, consumers: [{ id: "vm/b" }] });
  expect(await scene.json("release", "main/ssd/data", "--force")).toMatchObject({ consumers: ["vm/b"] });
  expect(await scene.json("release", "main/ssd/data", "--force")).toMatchObject({ consumers: [], holds: [] });
  expect(await scene.run("delete", "main/ssd/data")).toMatchObject({ code: 0 });
});

test("owners change by whole parts, pools included; claims, uids and the trash stay", async () => {
  const volume = await scene.volume("data");
  await scene.volume("old");
  await scene.json("delete", "main/ssd/old");
  const claimOf = () => scene.sql("SELECT record ->> 'claim' AS claim FROM objects WHERE uid = ?", volume.uid);
  const claim = claimOf();
  expect(await scene.json("chown", "--from", "shop/de", "--to", "x")).toMatchObject({ changed: [], kept: [] });
  const args = ["chown", "--from", "shop", "--to", "store", "--pool", "main/ssd"];
  const plan = await scene.json(...args, "--dry-run");
  expect(plan).toMatchObject({
    changed: [
      { id: "main/ssd", kind: "pool", to: "store/dev/Pool/ssd" },
      { id: "main/ssd/data", uid: volume.uid, from: "shop/dev/Volume/data", to: "store/dev/Volume/data" },
    ],
    kept: [{ id: "main/ssd/old", kept: expect.stringContaining("trash") }],
  });
  expect(await scene.json("get", "main/ssd/data")).toMatchObject({ object: { owner: "shop/dev/Volume/data" } });
  expect(await scene.json(...args)).toEqual({ ...plan, dryRun: false });
  expect(await scene.json("get", "main/ssd/data")).toMatchObject({ object: { owner: "store/dev/Volume/data" } });
  expect(await scene.json("df")).toMatchObject({ pools: [{ owner: "store/dev/Pool/ssd" }] });
  expect(claimOf()).toEqual(claim);
  expect(await scene.json(...args)).toMatchObject({ changed: [] });
});

test("AC-31 orphans are the live objects whose uid stands in none of the states", async () => {
  const [known, pending, orphan] = [await scene.volume("a"), await scene.volume("b"), await scene.volume("c")];
  const resource = (uid: string) => ({ urn: "urn", outputs: { uid } });
  const state = { version: 3, deployment: { resources: [resource(known.uid)] } };
  const other = { version: 3, checkpoint: { latest: { pending_operations: [{ resource: resource(pending.uid) }] } } };
  writeFileSync(join(scene.folder, "a.json"), JSON.stringify(state));
  writeFileSync(join(scene.folder, "b.json"), JSON.stringify(other));
  writeFileSync(join(scene.folder, "empty.json"), JSON.stringify({ version: 3, deployment: {} }));
  const found = await scene.json("orphans", "main/ssd", "--state", "a.json", "b.json");
  expect(found).toMatchObject({ objects: [{ uid: orphan.uid }] });
  const { stderr } = await scene.run("orphans", "main/ssd", "--state", "a.json", "--state", "empty.json");
  expect(stderr).toMatch(/empty\.json holds no object of KRStorage; is it the right one\?/);
});

test("freezing changes one line of the file, which stays private and keeps its comments", async () => {
  const text = `# ours\nstackId: s\nbackends:\n  main:\n    # the disk\n    type: local\n    path: ${scene.storagePath}\n`;
  writeFileSync(scene.configFile, text, { mode: 0o600 });
  await scene.json("freeze", "main");
  expect(readFileSync(scene.configFile, "utf8")).toBe(`${text}    readOnly: true\n`);
  expect(await scene.run("snapshot", "main/ssd/x", "y")).toMatchObject({ code: expect.any(Number) });
  expect(await scene.json("config", "show")).toMatchObject({ backends: { main: { readOnly: true } } });
  await scene.json("thaw", "main");
  expect(readFileSync(scene.configFile, "utf8")).toBe(text);
  expect(statSync(scene.configFile).mode & 0o777).toBe(0o600);
});

test("init writes a private file that works, and never over another one", async () => {
  const made = await scene.json<{ file: string; stackId: string }>("init", "new.yaml", "--path", scene.storagePath);
  expect(statSync(made.file).mode & 0o777).toBe(0o600);
  expect(made.stackId).toMatch(/^[0-9a-f-]{36}$/);
  expect(await scene.json("df", "--config", "new.yaml")).toMatchObject({ pools: [{ id: "main/ssd" }] });
  expect(await scene.run("init", "new.yaml", "--path", "/x")).toMatchObject({ code: 4 });
  expect(await scene.run("init", "gone/new.yaml", "--path", "/x")).toMatchObject({ code: 10 });
});

test("a private file is written whole, followed through a link, and left alone where it is to be new", async () => {
  const [file, link] = [join(scene.folder, "file"), join(scene.folder, "link")];
  writePrivateFile(file, "one", "new");
  symlinkSync(file, link);
  writePrivateFile(link, "two", "replace");
  expect([readFileSync(file, "utf8"), lstatSync(link).isSymbolicLink()]).toEqual(["two", true]);
  expect((await thrown(async () => writePrivateFile(link, "three", "new"))).code).toBe("ALREADY_EXISTS");
  expect(readFileSync(file, "utf8")).toBe("two");
  const pipe = join(scene.folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  expect((await thrown(async () => writePrivateFile(pipe, "four", "replace"))).message).toMatch(/no plain file/);
  expect(lstatSync(pipe).isFIFO()).toBe(true);
});

test("what objects occupy is measured, not promised", async () => {
  const volume = await scene.volume("data", "8MiB");
  write(volume, "x".repeat(100_000));
  const { objects } = await scene.json<{ objects: { sizeBytes: number; allocatedBytes: number }[] }>("du");
  expect(objects).toMatchObject([{ sizeBytes: 8 * 2 ** 20 }]);
  expect(objects[0]?.allocatedBytes).toBe(statSync(pathOf(volume)).blocks * 512);
  expect(objects[0]?.allocatedBytes).toBeLessThan(2 ** 20);
});

test("a stack's configuration is taken with its secrets, which are not printed", async () => {
  const backends = { main: { type: "local", path: scene.storagePath } };
  const printed = { "krstorage:backends": { value: "", objectValue: backends }, "krstorage:stackId": { value: "s-1" } };
  mkdirSync(join(scene.folder, "project"));
  writeFileSync(join(scene.folder, "printed.json"), JSON.stringify(printed));
  scene.program(
    "pulumi",
    `test "$*" = "config --json --show-secrets --stack dev --non-interactive" || exit 9
test "$(basename "$PWD")" = project || exit 8
cat ../printed.json`,
  );
  const args = ["config", "from-stack", "stack.yaml", "--cwd", "project", "--stack", "dev"];
  expect(await scene.json(...args)).toMatchObject({ backends: ["main"], stackId: "s-1" });
  expect(statSync(join(scene.folder, "stack.yaml")).mode & 0o777).toBe(0o600);
  expect(await scene.json("df", "--config", "stack.yaml")).toMatchObject({ pools: [{ id: "main/ssd" }] });
  expect(await scene.run(...args)).toMatchObject({ code: 4 });
  expect(await scene.json(...args, "--replace")).toMatchObject({ backends: ["main"] });
});

test.each([
  ["refuses", "echo \"error: no stack named 'dev' found\" >&2; exit 255", 7, /no stack named 'dev' found/],
  ["prints no JSON", 'echo "{ hunter22"', 15, /printed no JSON/],
  ["has no backends", "echo {}", 3, /no krstorage:backends/],
])("a Pulumi that %s is told in one sentence", async (_what, script, exit, message) => {
  scene.program("pulumi", script);
  const { code, stdout, stderr } = await scene.run("config", "from-stack", "x.yaml", "--stack", "dev");
  expect([code, stdout]).toEqual([exit, ""]);
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain("hunter22");
});

test("completion of bash knows commands, their options and groups", async () => {
  writeFileSync(join(scene.folder, "completion.sh"), (await scene.run("completion", "bash")).stdout);
  const complete = async (...words: string[]) => {
    const line = `source completion.sh; COMP_WORDS=(krstorage ${words.join(" ")}); COMP_CWORD=${words.length}; _krstorage; echo "\${COMPREPLY[*]}"`;
    const { stdout, stderr } = await scene.shell(line);
    return `${stdout}${stderr}`.trim();
  };
  expect(await complete("und")).toBe("undelete");
  expect(await complete("purge", "--allow")).toBe("--allow-data-loss");
  expect(await complete("config", "''")).toBe("show from-stack");
  expect(await complete("config", "from-stack", "--cw")).toBe("--cwd");
  for (const shell of ["zsh", "fish"]) expect((await scene.run("completion", shell)).stdout).toContain("from-stack");
});

test("a folder has no nodes: all backends together are an answer that says so, the one by its name is a refusal", async () => {
  expect(await scene.json("nodes")).toEqual({ backends: [], without: ["main"], problems: [] });
  expect(await scene.run("nodes")).toMatchObject({
    code: 0,
    stdout: /^backend "main" is of type local, .*krstorage df/,
  });
  expect(await scene.run("nodes", "main")).toMatchObject({ code: 8, stderr: /no nodes and disks of its own/ });
  expect(await scene.run("nodes", "other")).toMatchObject({ code: 2, stderr: /there is no backend "other"/ });
});

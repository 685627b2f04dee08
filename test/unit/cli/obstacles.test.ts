import { withoutHeirs } from "../../../agent/cli/seenHolders";
import { CliScene } from "./support/cliScene";

jest.setTimeout(60_000); // each test starts processes, and other tests run at the same time

let scene: CliScene;
beforeEach(async () => {
  scene = await CliScene.start();
});
afterEach(() => scene.end());

interface Told {
  obstacles: string[];
}

test("holders shows everything that a dry run of delete does, and delete is refused by", async () => {
  const { uid } = await scene.volume("data");
  await scene.using((storage) => storage.setConsumers("main/ssd/data", ["vm/web"]));
  await scene.json("snapshot", "main/ssd/data", "before");
  scene.forge(uid, (record) => ({
    ...record,
    protection: true,
    holds: [{ id: "backup-7", reason: "backup", since: "2026-01-01T00:00:00.123Z" }],
  }));
  const shown = await scene.json<Told>("holders", "main/ssd/data");
  const dry = await scene.json<Told>("delete", "main/ssd/data", "--dry-run");
  expect(shown).toMatchObject({ inUse: true, protection: true, snapshots: ["main/ssd/data@before"] });
  expect(shown.obstacles).toEqual(dry.obstacles);
  expect(shown.obstacles).toEqual([
    "it is protected from deletion",
    "it is registered as used by vm/web",
    "it is held by backup-7",
    "it has the live snapshot data@before",
  ]);
  const { stdout } = await scene.run("holders", "main/ssd/data");
  for (const row of [
    /^protection +deletionProtection/m,
    /^registered use +vm\/web +since \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/m,
    /^hold +backup-7 +backup, since 2026-01-01 00:00:00Z$/m,
    /^snapshot +main\/ssd\/data@before +live/m,
  ])
    expect(stdout).toMatch(row);
});

test("a snapshot that only a policy took keeps nothing, and its volume can be deleted", async () => {
  await scene.volume("data");
  const { object } = await scene.json<{ object: { uid: string } }>("snapshot", "main/ssd/data", "n");
  const taken = { policy: "0123456789abcdef0123456789abcdef", slot: "2031-01-01T00:00:00.000Z" };
  scene.forge(object.uid, (record) => ({ ...record, taken }));
  expect((await scene.run("holders", "main/ssd/data")).stdout).toMatch(/nothing keeps it from being deleted\.$/m);
  expect(await scene.json("delete", "main/ssd/data", "--dry-run")).toMatchObject({ obstacles: [] });
  expect(await scene.run("delete", "main/ssd/data")).toMatchObject({ code: 0 });
});

test("snapshots in the way are named with the commands that delete them, and those work", async () => {
  await scene.volume("data");
  for (const name of ["a", "b"]) await scene.json("snapshot", "main/ssd/data", name);
  const { code, stderr } = await scene.run("delete", "main/ssd/data");
  const commands = "krstorage delete main/ssd/data@a && krstorage delete main/ssd/data@b";
  expect([code, stderr]).toEqual([
    6,
    expect.stringContaining(`delete those first, where no stack declares them with: ${commands}`),
  ]);
  expect(await scene.shell(`${commands} && krstorage delete main/ssd/data`)).toMatchObject({ code: 0 });
});

test("a pool that is not empty names what to delete, snapshots first", async () => {
  await scene.volume("data");
  await scene.json("snapshot", "main/ssd/data", "a");
  await expect(scene.using((storage) => storage.deletePool("main/ssd"))).rejects.toThrow(
    "krstorage delete main/ssd/data@a && krstorage delete main/ssd/data",
  );
});

test("whoever deletes what a stack declares is told so; what this program made is nobody's", async () => {
  await scene.volume("data");
  const sentence = "It belongs to shop/dev (shop/dev/Volume/data); that stack will report it missing.";
  await scene.json("clone", "main/ssd/data", "main/ssd/copy");
  for (const args of [["--dry-run"], []]) {
    expect((await scene.run("delete", "main/ssd/data", ...args)).stdout).toContain(sentence);
    expect((await scene.run("delete", "main/ssd/copy", ...args)).stdout).not.toContain("It belongs to");
  }
});

test("a process that has only inherited a file from its parent is left out, its parent never", () => {
  const holders = [10, 20, 30, 40].map((pid) => ({ name: `process ${pid} (x)`, writes: true }));
  const loop = { name: "/dev/loop0", writes: true };
  const left = (line: number[]) => withoutHeirs([...holders, loop], line).map(({ name }) => name);
  // 40 is this program, 30 npm, 20 a shell that has the disk open; 10 is somebody else
  expect(left([40, 30, 20, 5, 1])).toEqual(["process 10 (x)", "process 20 (x)", "/dev/loop0"]);
  expect(left([41, 31, 5, 1])).toHaveLength(5);
  expect(withoutHeirs([loop], [4, 3])).toEqual([loop]);
});

test("a shell that has the disk open is named once, and not this program which has inherited it", async () => {
  const { connection } = await scene.volume("data");
  const path = connection?.type === "file" ? connection.path : "";
  const { stdout } = await scene.shell(`exec 7<>'${path}'; krstorage holders main/ssd/data --json; :`);
  const { holders } = JSON.parse(stdout) as { holders: { name: string }[] };
  expect(holders).toEqual([{ name: expect.stringMatching(/^process \d+ \(bash\)$/), writes: true }]);
});

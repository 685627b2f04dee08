import type { ObjectInfo } from "../../../provider/storage";
import { CliScene, type Ran } from "./support/cliScene";

jest.setTimeout(60_000); // each test starts processes, and other tests run at the same time

let scene: CliScene;
beforeEach(async () => {
  scene = await CliScene.start();
});
afterEach(() => scene.end());

function expectRefusal(ran: Ran, code: number, message: RegExp): void {
  expect(ran).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
}

test("get takes a uid, of the trash too, and says what an object was made from by name", async () => {
  const { uid } = await scene.volume("data");
  const { object } = await scene.json<{ object: ObjectInfo }>("clone", "main/ssd/data", "main/ssd/copy");
  expect(await scene.json("get", object.uid)).toMatchObject({ object: { id: "main/ssd/copy", sourceUid: uid } });
  const source = async () => /^made from +(.*)$/m.exec((await scene.run("get", object.uid)).stdout)?.[1];
  expect(await source()).toBe(`main/ssd/data (uid ${uid})`);
  await scene.json("delete", "main/ssd/data");
  expect(await source()).toBe(`main/ssd/data (uid ${uid}, in the trash)`);
  expect((await scene.run("get", uid)).stdout).toMatch(/^phase +in the trash until \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/m);
  await scene.json("purge", "main/ssd", "--uid", uid, "--allow-data-loss", uid);
  expect(await source()).toBe(`uid ${uid}, which is not in the pool any more`);
});

test("a uid that is not found where not everything could be asked is not called absent", async () => {
  const { uid } = await scene.volume("data");
  const broken = { type: "local", path: scene.configFile };
  scene.configure({ broken, main: { type: "local", path: scene.storagePath } });
  expect(await scene.run("get", uid)).toMatchObject({ code: 0 });
  const { code, stderr } = await scene.run("get", "a".repeat(32));
  expect(code).not.toBe(3);
  expect(stderr).toContain("not everything could be asked");
});

test("undelete takes the uid with the pool or the id, and a name that one object of the trash has", async () => {
  const { uid } = await scene.volume("data");
  for (const args of [
    ["main/ssd", uid],
    ["main/ssd/data", uid],
    ["main/ssd", "data"],
    ["main/ssd/data"],
    ["main/ssd/data", "--name", "data"],
  ]) {
    await scene.json("delete", "main/ssd/data");
    expect(await scene.json("undelete", ...args)).toMatchObject({ object: { id: "main/ssd/data", uid } });
  }
});

test("undelete guesses nothing", async () => {
  const first = await scene.volume("data");
  await scene.json("delete", "main/ssd/data");
  expectRefusal(await scene.run("undelete", "main/ssd"), 2, /Give its uid; "krstorage ls main\/ssd --trash"/);
  const short = first.uid.slice(0, 8);
  expectRefusal(
    await scene.run("undelete", "main/ssd", short),
    3,
    /a uid is 32 digits, and "krstorage ls main\/ssd --tr/,
  );
  expectRefusal(
    await scene.run("undelete", "main/ssd/other", first.uid),
    2,
    /is main\/ssd\/data, not main\/ssd\/other/,
  );
  expectRefusal(await scene.run("undelete", "main/ssd/data", "other"), 2, /"other" is not a uid/);
  const second = await scene.volume("data");
  await scene.json("delete", "main/ssd/data");
  const { code, stderr } = await scene.run("undelete", "main/ssd", "data");
  expect([code, stderr]).toEqual([
    5,
    expect.stringMatching(/more than once; give the uid: .*deleted \d{4}-\d\d-\d\d \d/),
  ]);
  for (const { uid } of [first, second]) expect(stderr).toContain(uid);
  expect(await scene.json("ls", "main/ssd")).toMatchObject({ objects: [] });
});

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CliScene, type Ran } from "./support/cliScene";

jest.setTimeout(60_000); // each test starts processes, and other tests run at the same time

let scene: CliScene;
beforeEach(async () => {
  scene = await CliScene.start();
  rmSync(scene.configFile);
});
afterEach(() => scene.end());

const unconfigured = (...args: string[]): Promise<Ran> => scene.runWith({ KRSTORAGE_CONFIG: "" }, ...args);

test.each([
  ["ls", "There are no objects"],
  ["ls --trash", "Nothing is in the trash"],
  ["du", "There are no objects"],
  ["df", "There are no pools"],
  ["policy ls", "No policy has targets"],
])("%s that finds nothing says where it looked if nothing is configured, and what to do", async (line, nothing) => {
  const { code, stdout } = await unconfigured(...line.split(" "));
  expect(code).toBe(0);
  const folder = join(scene.folder, ".local", "share", "krstorage");
  expect(stdout.split("\n")).toEqual([
    `${nothing} in backend local (${folder}): no configuration file is named.`,
    expect.stringMatching(/^For a stack's .*krstorage config from-stack --stack dev, then export KRSTORAGE_CONFIG=/),
    "",
  ]);
});

test("what lies in the folder is named: a project, or better a configuration", async () => {
  writeFileSync(join(scene.folder, "Pulumi.yaml"), "name: x\nruntime: nodejs\n");
  expect((await unconfigured("ls")).stdout).toContain("this folder is a Pulumi project's");
  expect((await unconfigured("ls", "main/ssd")).stderr).toMatch(/^krstorage: there is no backend "main".*from-stack/);
  scene.configure({ main: { type: "local", path: scene.storagePath } });
  const use = `export KRSTORAGE_CONFIG=${scene.configFile}`;
  expect((await unconfigured("ls")).stdout).toContain(use);
  expect(await unconfigured("ls", "main/ssd")).toMatchObject({ code: 2, stderr: expect.stringContaining(use) });
});

test("where something is configured, nothing is said of a configuration, and the trash is counted", async () => {
  scene.configure({ main: { type: "local", path: scene.storagePath } });
  expect((await scene.run("ls")).stdout).toBe("There are no objects.\n");
  await scene.volume("data");
  await scene.run("delete", "main/ssd/data");
  expect((await scene.run("ls")).stdout).toBe("There are no objects. 1 in the trash: krstorage ls --trash\n");
  expect((await scene.run("ls", "main/ssd")).stdout).toBe(
    "There are no objects. 1 in the trash: krstorage ls main/ssd --trash\n",
  );
  expect((await scene.run("ls", "main/ssd", "--trash")).stdout).toContain("main/ssd/data");
});

test("who writes a configuration is told how to use it, and to keep it out of git", async () => {
  const told = (file: string) => [`Use it with: export KRSTORAGE_CONFIG=${join(scene.folder, file)}`, /out of git/];
  const made = (await scene.run("init", "made.yaml", "--path", scene.storagePath)).stdout;
  const printed = { "krstorage:backends": { objectValue: { main: { type: "local", path: scene.storagePath } } } };
  scene.program("pulumi", `echo '${JSON.stringify(printed)}'`);
  const taken = (await scene.run("config", "from-stack", "taken.yaml", "--stack", "dev")).stdout;
  for (const [text, file] of [
    [made, "made.yaml"],
    [taken, "taken.yaml"],
  ] as const)
    for (const part of told(file)) expect(text).toMatch(part);
});

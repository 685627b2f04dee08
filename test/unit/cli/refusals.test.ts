import { chmodSync, closeSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { exitCodes } from "../../../agent/cli/exitCodes";
import { CliScene, finished, type Ran } from "./support/cliScene";

jest.setTimeout(60_000); // each test starts processes, and other tests run at the same time

let scene: CliScene;
beforeAll(async () => {
  scene = await CliScene.start();
  await scene.volume("data");
  await scene.using((storage) => storage.createSnapshot("main/ssd/data", "good"));
});
afterAll(() => scene.end());

/** One sentence on standard error, nothing else, and never a stack trace. */
function expectRefusal(ran: Ran, code: keyof typeof exitCodes, message: RegExp): void {
  expect(ran).toMatchObject({ code: exitCodes[code], stdout: "" });
  expect(ran.stderr).toMatch(message);
  expect(ran.stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(ran.stderr).toMatch(/^krstorage: /);
}

const uid = "a".repeat(32);
const refused: [string, string[], keyof typeof exitCodes, RegExp][] = [
  ["an unknown command", ["lss"], "INVALID_ARGUMENT", /unknown command 'lss' \(Did you mean ls\?\)/],
  ["an unknown option", ["ls", "--trsh"], "INVALID_ARGUMENT", /unknown option '--trsh' \(Did you mean --trash\?\)/],
  ["a missing argument", ["get"], "INVALID_ARGUMENT", /missing required argument 'id\|uid'; "krstorage get --help"/],
  ["too many arguments", ["ls", "a", "b"], "INVALID_ARGUMENT", /too many arguments for 'ls'/],
  ["an option without its value", ["ls", "--config"], "INVALID_ARGUMENT", /--config <file>' argument missing/],
  ["no argument of two", ["undelete"], "INVALID_ARGUMENT", /"krstorage undelete --help" shows/],
  ["an unknown option of a group", ["config", "show", "--x"], "INVALID_ARGUMENT", /"krstorage config show --help"/],
  ["a missing needed option", ["chown", "--from", "shop"], "INVALID_ARGUMENT", /'--to <owner>' not specified/],
  ["no pool id", ["ls", "../x"], "INVALID_ARGUMENT", /is not a pool id; write "<backend>\/<pool>"/],
  ["no object id", ["get", "main/ssd"], "INVALID_ARGUMENT", /write "<backend>\/<pool>\/<volume>"/],
  ["an unknown backend", ["ls", "nope/ssd"], "INVALID_ARGUMENT", /no backend "nope".*backends are main/],
  ["an absent pool", ["ls", "main/hdd"], "UNAVAILABLE", /Is its disk mounted\? Nothing was changed/],
  [
    "a mistyped pool",
    ["ls", "main/ssdd"],
    "UNAVAILABLE",
    /disk mounted\?.*; pools of main are ssd; did you mean "ssd"\?/,
  ],
  ["an absent object", ["get", "main/ssd/x"], "NOT_FOUND", /there is no main\/ssd\/x/],
  ["deleting what is absent", ["delete", "main/ssd/x"], "NOT_FOUND", /there is no main\/ssd\/x/],
  [
    "a uid where an id belongs",
    ["delete", uid],
    "INVALID_ARGUMENT",
    /; "krstorage get a+" says which object has this uid/,
  ],
  ["a uid that is nowhere", ["get", uid], "NOT_FOUND", /no pool of the configured backends has an object with the uid/],
  ["a uid not in the trash", ["undelete", "main/ssd", uid], "NOT_FOUND", /is not in the trash/],
  [
    "a uid not in the pool",
    ["purge", "main/ssd", "--uid", uid],
    "NOT_FOUND",
    /no object of pool main\/ssd has the uid/,
  ],
  [
    "a permission for another uid",
    ["purge", "main/ssd", "--uid", uid, "--allow-data-loss", "b".repeat(32)],
    "INVALID_ARGUMENT",
    /give the same uid as --uid/,
  ],
  ["a permission alone", ["purge", "main/ssd", "--allow-data-loss", uid], "INVALID_ARGUMENT", /the same uid as --uid/],
  ["a snapshot name that is taken", ["snapshot", "main/ssd/data", "good"], "ALREADY_EXISTS", /choose another name/],
  ["a volume name that is taken", ["clone", "main/ssd/data@good", "main/ssd/data"], "ALREADY_EXISTS", /exists already/],
  [
    "a restore to nowhere",
    ["restore", "main/ssd/data@good"],
    "INVALID_ARGUMENT",
    /either --to <new volume> or --in-place/,
  ],
  [
    "a restore to two places",
    ["restore", "main/ssd/data@good", "--to", "main/ssd/y", "--in-place"],
    "INVALID_ARGUMENT",
    /either --to/,
  ],
  ["a restore of a volume", ["restore", "main/ssd/data", "--in-place"], "INVALID_ARGUMENT", /is not a snapshot id/],
  ["a clone in another pool", ["clone", "main/ssd/data", "main/hdd/x"], "UNAVAILABLE", /Is its disk mounted/],
  [
    "a smaller clone",
    ["clone", "main/ssd/data", "main/ssd/x", "--size", "4KiB"],
    "INVALID_ARGUMENT",
    /4KiB is less than the 1MiB of its source/,
  ],
  ["a release without --force", ["release", "main/ssd/data"], "INVALID_ARGUMENT", /then add --force/],
  [
    "a release of who is not there",
    ["release", "main/ssd/data", "--consumer", "vm", "--force"],
    "NOT_FOUND",
    /has no consumer "vm"; there is none/,
  ],
  ["forgetting what is there", ["forget", "main/ssd/data"], "PRECONDITION_FAILED", /is ready, not missing/],
  ["discarding what has no record", ["forget", "main/ssd/x", "--discard", uid], "NOT_FOUND", /no record of/],
  ["orphans without a state", ["orphans", "main/ssd"], "INVALID_ARGUMENT", /which stacks use the pool\?/],
  ["orphans with no state", ["orphans", "main/ssd", "--state", "krstorage.yaml"], "INVALID_ARGUMENT", /not a state/],
  ["orphans with an absent file", ["orphans", "main/ssd", "--state", "x"], "INVALID_ARGUMENT", /cannot be read/],
  ["an owner that is none", ["chown", "--from", "", "--to", "x"], "INVALID_ARGUMENT", /is not an owner/],
  ["freezing an unknown backend", ["freeze", "mian"], "NOT_FOUND", /no backend "mian"; there are main/],
  ["writing over a configuration", ["init", "--path", "/x"], "ALREADY_EXISTS", /was left as it is/],
  ["an unknown type", ["init", "y.yaml", "--type", "floppy"], "INVALID_ARGUMENT", /there is no driver "floppy"/],
  ["a bad --set", ["init", "y.yaml", "--set", "x"], "INVALID_ARGUMENT", /--set takes key=value/],
  ["an absent configuration file", ["ls", "--config", "gone.yaml"], "INVALID_ARGUMENT", /gone\.yaml.*cannot be read/],
  ["an unknown shell", ["completion", "tcsh"], "INVALID_ARGUMENT", /shells are bash, zsh, fish/],
  ["a hostile argument", ["get", "\u001b[2J\u009b"], "INVALID_ARGUMENT", /"\?\[2J\?" is not the id/],
];

test.each(refused)("%s is refused", async (_what, args, code, message) => {
  expectRefusal(await scene.run(...args), code, message);
  expect(await scene.run("ls", "main/ssd")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("main/ssd/data"),
  });
});

test("with --json an error is a document on standard error", async () => {
  for (const args of [
    ["get", "main/ssd/x", "--json"],
    ["lss", "--json"],
  ]) {
    const { code, stdout, stderr } = await scene.run(...args);
    const { error } = JSON.parse(stderr) as { error: Record<string, unknown> };
    expect({ ...error, stdout }).toMatchObject({
      exitCode: code,
      outcome: "not-applied",
      retryable: false,
      stdout: "",
    });
  }
});

test("without a command the help is shown, and it is a mistake", async () => {
  const { code, stderr } = await scene.run();
  expect([code, stderr.split("\n")[0]]).toEqual([2, "Usage: krstorage [options] [command]"]);
});

test("a frozen backend is read and not changed", async () => {
  scene.configure({ main: { type: "local", path: scene.storagePath, readOnly: true } });
  try {
    const changes = [
      ["snapshot", "main/ssd/data", "x"],
      ["delete", "main/ssd/data@good"],
      ["restore", "main/ssd/data@good", "--in-place"],
      ["fsck", "main/ssd", "--repair"],
    ];
    for (const args of changes)
      expectRefusal(await scene.run(...args), "PRECONDITION_FAILED", /backend "main" is frozen/);
    expect(await scene.run("ls", "main/ssd")).toMatchObject({ code: 0 });
    expect(await scene.run("fsck", "main/ssd")).toMatchObject({ code: 0 });
    expect(await scene.run("chown", "--from", "shop", "--to", "x")).toMatchObject({ code: 7 });
  } finally {
    scene.configure({ main: { type: "local", path: scene.storagePath } });
  }
});

test("an unmounted pool stops everything", async () => {
  const aside = `${scene.file()}.aside`;
  renameSync(scene.file(), aside);
  try {
    for (const args of [
      ["ls", "main/ssd"],
      ["delete", "main/ssd/data"],
      ["fsck", "main/ssd"],
      ["purge", "main/ssd"],
    ])
      expectRefusal(await scene.run(...args), "UNAVAILABLE", /Is its disk mounted/);
  } finally {
    renameSync(aside, scene.file());
  }
});

test("a list of all pools says what it leaves out, in its exit code too", async () => {
  const broken = { type: "local", path: scene.configFile };
  scene.configure({ broken, main: { type: "local", path: scene.storagePath } });
  try {
    for (const command of ["ls", "df", "du"]) {
      const { code, stdout, stderr } = await scene.run(command);
      expect([code, stdout]).toEqual([expect.any(Number), expect.stringContaining("main/ssd")]);
      expect(code).toBeGreaterThan(1);
      expect(stderr).toMatch(/^krstorage: .*broken/);
    }
    const { stdout } = await scene.run("ls", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ problems: [{ target: "broken", message: expect.any(String) }] });
    expect((await scene.run("doctor")).stdout).toMatch(/failed +backend broken/);
  } finally {
    scene.configure({ main: { type: "local", path: scene.storagePath } });
  }
});

test("what a process uses is not deleted, and the process is named", async () => {
  const { connection } = await scene.volume("busy");
  const descriptor = openSync(connection?.type === "file" ? connection.path : "", "r+");
  try {
    expectRefusal(await scene.run("delete", "main/ssd/busy"), "IN_USE", new RegExp(`process ${process.pid} `));
    const { stdout } = await scene.run("holders", "main/ssd/busy");
    expect(stdout).toMatch(new RegExp(`open for writing +process ${process.pid} `));
  } finally {
    closeSync(descriptor);
  }
  expect(await scene.run("delete", "main/ssd/busy")).toMatchObject({ code: 0 });
});

test("a damaged record is shown, and neither taken for gone nor deleted", async () => {
  const { uid: damagedUid } = await scene.volume("broken");
  scene.sql("UPDATE objects SET record = '{' WHERE uid = ?", damagedUid);
  try {
    const listed = await scene.run("ls", "main/ssd");
    expect(listed.stdout).toMatch(/main\/ssd\/broken +\? +damaged/);
    for (const command of ["get", "delete", "forget", "holders"])
      expectRefusal(await scene.run(command, "main/ssd/broken"), "PRECONDITION_FAILED", /is damaged/);
    expectRefusal(await scene.run("snapshot", "main/ssd/broken", "x"), "NOT_FOUND", /main\/ssd\/broken/);
    expect(await scene.run("fsck", "main/ssd")).toMatchObject({ code: 1 });
    expect(await scene.run("doctor")).toMatchObject({ code: 1 });
    expect(await scene.run("fsck", "main/ssd", "--repair")).toMatchObject({ code: 0 });
    expect(await scene.run("get", "main/ssd/broken")).toMatchObject({ code: 0 });
  } finally {
    await scene.run("delete", "main/ssd/broken");
  }
});

test("a missing object's stale record is discarded only by its uid", async () => {
  const { uid: lostUid, connection } = await scene.volume("lost");
  if (connection?.type === "file") rmSync(dirname(connection.path), { recursive: true });
  const told = await scene.run("forget", "main/ssd/lost");
  expect(told.stdout).toContain(`krstorage forget main/ssd/lost --discard ${lostUid}`);
  expectRefusal(await scene.run("forget", "main/ssd/lost", "--discard", uid), "CONFLICT", /nothing was changed/);
  expect(await scene.json("forget", "main/ssd/lost", "--discard", lostUid)).toMatchObject({ found: "discarded" });
  expect(await scene.json("forget", "main/ssd/lost")).toMatchObject({ found: "trash" });
});

test("a configuration that others can read is told, and so is one that is no YAML", async () => {
  chmodSync(scene.configFile, 0o644);
  expect((await scene.run("doctor")).stdout).toMatch(/warning +configuration access +.*chmod 600 it/);
  writeFileSync(join(scene.folder, "broken.yaml"), "backends: {main: {password: hunter22\n", { mode: 0o600 });
  const { code, stdout } = await scene.run("doctor", "--config", "broken.yaml");
  expect([code, stdout]).toEqual([1, expect.stringMatching(/failed +configuration +.*broken\.yaml/)]);
  expect(stdout).not.toContain("hunter22");
  const frozen = await scene.run("freeze", "main", "--config", "broken.yaml");
  expect([frozen.code, frozen.stderr.includes("hunter22")]).toEqual([2, false]);
});

test("nothing is left behind in the folder of the configuration", async () => {
  await scene.run("freeze", "main");
  await scene.run("thaw", "main");
  expect(readdirSync(scene.folder).filter((name) => name.endsWith(".new"))).toEqual([]);
});

test("Ctrl-C ends a copy cleanly", async () => {
  // A cp that writes a little and then hangs, so that the copy is in its middle
  scene.program("cp", 'for last; do :; done; head -c 65536 /dev/zero > "$last"; exec sleep 60');
  await scene.volume("large", "16MiB");
  const child = scene.start(["snapshot", "main/ssd/large", "never", "--progress"]);
  const ran = finished(child);
  await new Promise<void>((resolve) => child.stderr?.on("data", () => resolve()));
  child.kill("SIGINT");
  const { code, stdout, stderr } = await ran;
  rmSync(join(scene.folder, "bin", "cp"));
  expect([code, stdout]).toEqual([exitCodes.CANCELLED, ""]);
  expect(stderr).toMatch(/^copying: 0 % \(64KiB of 16MiB\)\n(copying.*\n)*krstorage: /);
  expect((await scene.run("ls", "main/ssd", "--all")).stdout).not.toContain("large@never");
  expect((await scene.run("fsck", "main/ssd")).stdout).not.toContain("large");
});

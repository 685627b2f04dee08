import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { printable, printableJson } from "../../../agent/cli/output/printable";
import { registry } from "../../../agent/cli/registry";
import { formatBytes } from "../../../provider/model/quantity";
import { describeWith } from "../../support/requires";
import { CliScene, cliMain } from "./support/cliScene";

jest.setTimeout(60_000); // each test starts processes, and other tests run at the same time

let scene: CliScene;
beforeAll(async () => {
  scene = await CliScene.start();
});
afterAll(() => scene.end());

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const rawControls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const hostile = "\u001b[2J\u009b31m\u0007\u202e\nfake line\r\u007f";

test("hostile names, labels and owners are never printed raw", async () => {
  const { uid } = await scene.volume("victim");
  scene.forge(uid, (record) => ({
    ...record,
    owner: `shop${hostile}`,
    createdBy: hostile,
    labels: { [hostile]: hostile },
    consumers: [{ id: hostile, since: hostile }],
    holds: [{ id: hostile, reason: hostile, since: hostile }],
  }));
  const other = await scene.volume("renamed");
  scene.forge(other.uid, (record) => ({ ...record, name: hostile }));
  scene.sql("UPDATE objects SET name = ? WHERE uid = ?", hostile, other.uid);
  const commands = [
    ["ls", "--all"],
    ["get", "main/ssd/victim"],
    ["du"],
    ["holders", "main/ssd/victim"],
    ["delete", "main/ssd/victim"],
    ["delete", "main/ssd/victim", "--dry-run"],
    ["chown", "--from", "x", "--to", "y"],
    ["fsck", "main/ssd"],
    ["release", "main/ssd/victim", "--consumer", "x", "--force"],
  ];
  for (const args of commands) {
    for (const more of [[], ["--json"]]) {
      const { stdout, stderr } = await scene.run(...args, ...more);
      expect(`${args}${stdout}${stderr}`).not.toMatch(rawControls);
      if (more.length > 0 && stdout !== "") JSON.parse(stdout);
    }
  }
  const { objects } = await scene.json<{ objects: { owner: string }[] }>("ls", "main/ssd");
  expect(objects.map((object) => object.owner)).toContain(`shop${hostile}`);
  expect((await scene.run("ls", "main/ssd")).stdout).toContain("shop?[2J?31m???fake line??");
  scene.sql("DELETE FROM objects WHERE uid IN (?, ?)", uid, other.uid);
});

test("printable text and JSON have no control character, and JSON reads back the same", () => {
  const astral = "\u{e0001}";
  expect(printable(`a\tb${astral}é日`)).toBe("a?b?é日");
  const text = printableJson({ [hostile]: [astral, hostile, "é日"] });
  expect(text).not.toMatch(rawControls);
  expect(JSON.parse(text)).toEqual({ [hostile]: [astral, hostile, "é日"] });
});

test("tables are aligned, without blanks at the ends of lines", async () => {
  await scene.volume("a");
  await scene.volume("a-much-longer-name");
  const lines = (await scene.run("ls", "main/ssd")).stdout.trimEnd().split("\n");
  const column = lines[0]?.indexOf("KIND");
  for (const line of lines.slice(1)) expect(line.indexOf("volume")).toBe(column);
  expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
});

describeWith({ needs: ["linux"] }, "on a terminal", () => {
  const onTerminal = (env: NodeJS.ProcessEnv, line: string) =>
    scene.shell(`script -qec '"${process.execPath}" "${cliMain}" ${line}' /dev/null`, env);

  test("there are colours, unless NO_COLOR, --no-color or a dumb terminal say otherwise", async () => {
    await scene.volume("coloured");
    expect((await onTerminal({}, "ls main/ssd")).stdout).toContain("\u001b[32mready\u001b[39m");
    const plain = [
      await onTerminal({ NO_COLOR: "1" }, "ls main/ssd"),
      await onTerminal({ TERM: "dumb" }, "ls main/ssd"),
      await onTerminal({}, "ls main/ssd --no-color"),
      await onTerminal({}, "--no-color ls main/ssd"),
      await scene.run("ls", "main/ssd"),
      await scene.runWith({ FORCE_COLOR: "" }, "ls", "main/ssd"),
    ];
    for (const { stdout } of plain) {
      expect(stdout).toContain("main/ssd/coloured");
      expect(stdout).not.toContain("\u001b");
    }
  });

  test("init asks for the folder, and asks nothing anywhere else", async () => {
    const answered = await scene.shell(
      `echo ${join(scene.folder, "answer")} | script -qec '"${process.execPath}" "${cliMain}" init asked.yaml' /dev/null`,
    );
    expect(answered.stdout).toContain("Folder for pools");
    expect((await scene.run("config", "show", "--config", "asked.yaml")).stdout).toContain(
      join(scene.folder, "answer"),
    );
    const silent = await scene.run("init", "silent.yaml");
    expect([silent.code, silent.stdout]).toEqual([0, expect.not.stringContaining("Folder for pools")]);
  });
});

test("a reader that has seen enough stops the output and nothing else", async () => {
  const { code, stdout, stderr } = await scene.shell("krstorage completion fish | head -n 1");
  expect([code, stdout, stderr]).toEqual([0, "# Completion of krstorage for fish.\n", ""]);
  const cloned = await scene.shell("krstorage clone main/ssd/a main/ssd/unread | true");
  expect([cloned.code, cloned.stderr]).toEqual([0, ""]);
  expect(await scene.run("get", "main/ssd/unread")).toMatchObject({ code: 0 });
});

test("every command has help with examples that begin with its name, and loads without storage", async () => {
  const general = await scene.run("--help");
  for (const { name, load, summary } of registry) {
    const command = load();
    expect(command.examples.length).toBeGreaterThan(0);
    expect(general.stdout).toContain(name.split(" ")[0]);
    const help = await scene.runWith({ KRSTORAGE_CONFIG: "/nowhere" }, "help", ...name.split(" "));
    expect([help.code, help.stderr]).toEqual([0, ""]);
    expect(help.stdout.replace(/\s+/g, " ")).toContain(summary);
    for (const [line] of command.examples) expect(help.stdout).toContain(`  krstorage ${line}\n`);
  }
});

test("help loads no storage, no database and nothing of Pulumi; no command loads Pulumi", async () => {
  const loaded = async (...args: string[]) => {
    const { stderr } = await scene.runWith({ NODE_OPTIONS: `--require=${scene.folder}/list.js` }, ...args);
    return stderr;
  };
  writeFileSync(
    join(scene.folder, "list.js"),
    'process.on("exit", () => process.stderr.write(Object.keys(require.cache).join("\\n")));',
  );
  const help = await loaded("--help");
  expect(help).toContain("commander");
  for (const heavy of ["provider/storage", "zod", "sqlite", "yaml", "@pulumi"]) expect(help).not.toContain(heavy);
  const list = await loaded("ls", "main/ssd");
  expect(list).toContain("provider/storage");
  expect(list).not.toContain("@pulumi");
});

test("ten thousand objects are listed, whole and in order", async () => {
  const big = await CliScene.start();
  try {
    const { uid } = await big.volume("base");
    manyLike(big, uid, 9999);
    const { objects } = await big.json<{ objects: { id: string; status: string }[] }>("ls", "main/ssd");
    expect(objects).toHaveLength(10_000);
    expect(new Set(objects.map((object) => object.status))).toEqual(new Set(["ready"]));
    expect(objects.map((object) => object.id)).toEqual(objects.map((object) => object.id).sort());
    const { code, stdout } = await big.run("ls", "main/ssd");
    expect([code, stdout.trimEnd().split("\n").length]).toEqual([0, 10_001]);
    const head = await big.shell("krstorage ls main/ssd | head -n 2");
    expect([head.code, head.stderr, head.stdout.split("\n").length]).toEqual([0, "", 3]);
  } finally {
    big.end();
  }
});

/** Volumes like one that the driver has made, in one transaction: making each would wait for the disk ten thousand times. */
function manyLike(big: CliScene, uid: string, count: number): void {
  const [row] = big.sql("SELECT * FROM objects WHERE uid = ?", uid);
  const record = JSON.parse(String(row?.record)) as Record<string, unknown>;
  const rows = [...Array(count).keys()].map((index) => {
    const [other, name] = [index.toString(16).padStart(32, "0"), `volume-${index}`];
    mkdirSync(big.file("data", other), { mode: 0o711 });
    const descriptor = openSync(big.file("data", other, "disk.raw"), "wx", 0o600);
    ftruncateSync(descriptor, Number(record.sizeBytes));
    const self = `${fstatSync(descriptor).ino}@${String(record.poolIdentity)}`;
    closeSync(descriptor);
    return { uid: other, name, record: JSON.stringify({ ...record, uid: other, name, self }) };
  });
  big.sql(
    `INSERT INTO objects (uid, kind, name, phase, provisioned, revision, record)
     SELECT value ->> 'uid', 'volume', value ->> 'name', 'live', ?, ?, value ->> 'record' FROM json_each(?)`,
    Number(row?.provisioned),
    Number(row?.revision),
    JSON.stringify(rows),
  );
}

test("sizes in tables are for people, in JSON bytes", async () => {
  const { pools } = await scene.json<{ pools: { totalBytes: number }[] }>("df");
  expect((await scene.run("df")).stdout).toContain(` ${formatBytes(pools[0]?.totalBytes ?? 0)} `);
});

test("df says which pools are retired; du ends with the sum, on a line of its own", async () => {
  const other = await CliScene.start();
  try {
    await other.volume("data");
    expect((await other.run("df")).stdout).toMatch(/^POOL +TYPE +STATE .*\nmain\/ssd +local +live /);
    expect((await other.run("du")).stdout).toMatch(/ main\/ssd\/data\nTotal: \S+B\n$/);
    await other.json("delete", "main/ssd/data");
    await other.using((storage) => storage.deletePool("main/ssd"));
    expect((await other.run("df")).stdout).toMatch(/^main\/ssd +local +retired /m);
  } finally {
    other.end();
  }
});

test("times in refusals are as in tables; --json leaves them as they are", async () => {
  await scene.volume("gone");
  await scene.json("delete", "main/ssd/gone");
  expect((await scene.run("get", "main/ssd/gone")).stderr).toMatch(/ since \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\n$/);
  expect((await scene.run("get", "main/ssd/gone", "--json")).stderr).toMatch(/ since \d{4}-\d\d-\d\dT[\d:.]+Z"/);
});

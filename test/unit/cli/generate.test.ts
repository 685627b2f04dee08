import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { programText } from "../../../agent/cli/generate/program";
import { nameResources } from "../../../agent/cli/generate/resource";
import type { Declared } from "../../../provider/lifecycle/declared";
import { CliScene } from "./support/cliScene";

jest.setTimeout(60_000); // each test starts processes, and other tests run at the same time

const found = (kind: Declared["kind"], id: string, owner: string, inputs: Declared["inputs"] = {}): Declared => ({
  kind,
  id,
  uid: "u",
  owner,
  inputs,
});

describe("names", () => {
  const namesOf = (...declared: Declared[]) =>
    nameResources(declared).map(({ name, logicalName, variable }) => [name, logicalName, variable]);

  test("are those that a stack gave, where there is one; each is taken once", () => {
    expect(
      namesOf(
        found("pool", "main/ssd", "shop/prod/Pool/data"),
        found("volume", "main/ssd/pgdata", "shop/prod/Volume/data"),
        found("volume", "main/ssd/data", "library/Volume/data"),
        found("volume", "main/hdd/data", "library/Volume/data"),
        found("volume", "main/hdd/inner", "shop/prod/my:component:App$Volume/data"),
        found("snapshot", "main/ssd/data@x", "library/Snapshot/data@x"),
      ),
    ).toEqual([
      ["data", "data", "data"],
      ["data-volume", "data", "dataVolume"],
      ["ssd-data", "ssd-data", "ssdData"],
      ["hdd-data", "hdd-data", "hddData"],
      ["inner", "inner", "inner"],
      ["data-x", "data-x", "dataX"],
    ]);
  });

  test("that are no words of the language, or hostile, do no harm", () => {
    expect(
      namesOf(
        found("volume", "main/ssd/new", "library/Volume/new"),
        found("volume", "main/ssd/9lives", "library/Volume/9lives"),
        found("volume", "main/ssd/a", 'shop/prod/Volume/"); process.exit("'),
      ),
    ).toEqual([
      ["new", "new", "newVolume"],
      ["9lives", "9lives", "_9lives"],
      ["a", "a", "a"],
    ]);
  });
});

test("a program names pools, sources and targets as resources, and shares a class; text of a backend stays text", () => {
  const pool = "main/ssd";
  const gold = { name: "gold", pools: [pool] };
  const text = programText(
    "main",
    nameResources([
      found("pool", pool, "", { backend: "main", name: "ssd" }),
      found("volume", "main/ssd/a", "", { pool, size: "1GiB", volumeClass: gold }),
      found("volume", "main/ssd/b", "", { pool, volumeClass: gold, source: { volume: "main/ssd/a" } }),
      found("volume", "main/ssd/c", "", { pool, labels: { "x\u202e": '"\n`$1', ["__proto__"]: "y" } }),
      found("snapshot", "main/ssd/a@s", "", { source: "main/ssd/a", name: "s" }),
      found("snapshotPolicy", "policy/p", "", { targets: ["main/ssd/a", "cold/x/y"], targetsSeen: "hidden" }),
    ]),
  );
  expect(text.split("\n").slice(1)).toEqual([
    'import { type ClassDefinition, Pool, Snapshot, SnapshotPolicy, Volume } from "krstorage/plugin";',
    "",
    'const class1: ClassDefinition = { name: "gold", pools: ["main/ssd"] };',
    "",
    'const ssd = new Pool("ssd", { backend: "main", name: "ssd" });',
    'const a = new Volume("a", { pool: ssd, size: "1GiB", volumeClass: class1 });',
    'new Volume("b", { pool: ssd, volumeClass: class1, source: { volume: "main/ssd/a" } });',
    'new Volume("c", { pool: ssd, labels: { "x\\u202e": "\\"\\n`$1", ["__proto__"]: "y" } });',
    'new Snapshot("a-s", { source: a, name: "s" });',
    'new SnapshotPolicy("p", { targets: [a, "cold/x/y"] });',
    "",
  ]);
});

describe("the command", () => {
  let scene: CliScene;
  beforeEach(async () => {
    scene = await CliScene.start();
    await scene.volume("data");
    await scene.volume("gone");
    await scene.using((storage) => storage.delete("main/ssd/gone"));
  });
  afterEach(() => scene.end());

  test("writes an import file and a program, says what it left out, and never writes over a file", async () => {
    const dry = await scene.run("generate", "--backend", "main", "--dry-run");
    expect(dry.stdout).toMatch(/main\/ssd\/data +Volume +data +shop\/dev\/Volume\/data/);
    expect(dry.stdout).toMatch(/main\/ssd\/gone +it is in the trash/);
    expect(existsSync(join(scene.folder, "import.json"))).toBe(false);

    writeFileSync(join(scene.folder, "storage.ts"), "mine");
    const refused = await scene.run("generate", "--backend", "main");
    expect(refused).toMatchObject({ code: 4, stdout: "" });
    expect(refused.stderr).toMatch(/storage\.ts exists already and nothing was written/);
    expect(existsSync(join(scene.folder, "import.json"))).toBe(false);

    const done = await scene.run("generate", "--backend", "main", "--out", "new/folder");
    expect(done.stdout).toMatch(/pulumi import --file .*new\/folder\/import\.json/);
    expect(JSON.parse(readFileSync(join(scene.folder, "new/folder/import.json"), "utf8"))).toEqual({
      resources: [
        { type: "krstorage:index:Pool", name: "ssd", id: "main/ssd" },
        { type: "krstorage:index:Volume", name: "data", id: "main/ssd/data" },
      ],
    });
    expect(statSync(join(scene.folder, "new/folder/storage.ts")).size).toBeGreaterThan(100);
    expect(readFileSync(join(scene.folder, "storage.ts"), "utf8")).toBe("mine");
  });

  test("refuses a backend that is none", async () => {
    const refused = await scene.run("generate", "--backend", "mian");
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/there is no backend "mian".*main/) });
  });

  test("an object that cannot be declared is left out with the reason", async () => {
    const { uid } = await scene.volume("odd");
    scene.forge(uid, (record) => ({ ...record, self: "another carrier" }));
    const { leftOut } = await scene.json<{ leftOut: { id: string; reason: string }[] }>(
      "generate",
      "--backend",
      "main",
      "--dry-run",
    );
    expect(leftOut).toContainEqual({ id: "main/ssd/odd", reason: expect.stringMatching(/^it is copied/) });
  });
});

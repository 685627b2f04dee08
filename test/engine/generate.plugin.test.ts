import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeWith } from "../support/requires";
import { cliMain } from "../unit/cli/support/cliScene";
import { pluginHost } from "./support/engineHost";
import { localBackend } from "./support/localBackend";
import { expectSentence, precious, Scene } from "./support/scene";
import { expectSuccess, type Program, type StateResource, type TestStack } from "./support/testStack";
import { treeHash } from "./support/treeHash";
import { usingStorage } from "./support/usingStorage";

const root = join(__dirname, "..", "..", "..");
const typescript = join(root, "node_modules", "typescript", "bin", "tsc");

/** What another stack has made: every kind, with names, classes and spellings of its own. */
const another: Program = ({ krstorage }) => {
  const ssd = new krstorage.Pool("fast", { backend: "main", name: "ssd", reserve: "0B", labels: { site: "north" } });
  const gold = new krstorage.VolumeClass("gold", {
    pools: [ssd],
    qos: { iops: 500 },
    labels: { class: "gold" },
    schedule: "@daily",
    retention: { keepDaily: 7 },
  });
  const data = new krstorage.Volume("data", { volumeClass: gold, size: "4096KiB", labels: { app: "pg" } });
  const log = new krstorage.Volume("log", { volumeClass: gold, name: "wal", size: "1MiB", deletionProtection: true });
  const home = new krstorage.Share("home", {
    pool: ssd,
    size: "2MiB",
    access: [{ client: "10.0.0.0/24", mode: "ro" }],
  });
  const before = new krstorage.Snapshot("before", { source: data, labels: { why: "upgrade" } });
  new krstorage.Volume("copy", { pool: ssd, size: "5MiB", source: { snapshot: before } });
  new krstorage.SnapshotPolicy("nightly", {
    schedule: "0 2 * * *",
    timezone: "Europe/Berlin",
    retention: { keepDaily: 7, keepWithin: "2d" },
    targets: [log, data],
  });
  void home;
};

interface Generated {
  resources: { type: string; name: string; id: string; uid: string }[];
  leftOut: { id: string; reason: string }[];
}

describeWith({ needs: ["engine"] }, "taking over what exists: krstorage generate", () => {
  const scenes: Scene[] = [];
  const newScene = () => {
    const scene = new Scene(localBackend, "Volume", pluginHost);
    scenes.push(scene);
    return scene;
  };
  afterAll(() => {
    for (const scene of scenes) rmSync(scene.folder, { recursive: true, force: true });
  });

  const generate = (scene: Scene, folder: string): Promise<Generated> =>
    new Promise((resolve, reject) => {
      const config = join(scene.folder, "krstorage.yaml");
      writeFileSync(config, JSON.stringify({ backends: scene.backend.config() }), { mode: 0o600 });
      const args = [cliMain, "generate", "--config", config, "--backend", "main", "--out", folder, "--json"];
      execFile(process.execPath, args, (error, stdout) => (error ? reject(error) : resolve(JSON.parse(stdout))));
    });
  const importAll = (stack: TestStack, folder: string) =>
    stack.pulumi(
      "import",
      "--file",
      join(folder, "import.json"),
      "--generate-code=false",
      "--protect=false",
      "--yes",
      "--skip-preview",
      "--non-interactive",
    );
  /** Compiles the program as a strict project does, and makes it the program of the stack. */
  const useProgram = async (stack: TestStack, text: string) => {
    writeFileSync(join(stack.folder, "index.ts"), text);
    const strict = ["--strict", "--noUnusedLocals", "--exactOptionalPropertyTypes", "--skipLibCheck"];
    const args = [typescript, ...strict, "--module", "node16", "--target", "es2022", "index.ts"];
    await new Promise<void>((resolve, reject) => {
      execFile(process.execPath, args, { cwd: stack.folder }, (error, stdout) =>
        error ? reject(new Error(stdout)) : resolve(),
      );
    });
  };

  test("AC-13 AC-14 what a library and a lost stack have made comes under management with no difference, no write, the same bytes", async () => {
    const scene = newScene();
    const former = scene.newStack("former", { stackId: "id-of-the-former-stack" });
    former.program(another);
    await former.init();
    expectSuccess(await former.up());
    const made = await former.resources();
    const objects = ["data", "log", "home"].map(
      (name) => made.find(({ urn }) => urn.endsWith(`::${name}`)) as StateResource,
    );
    for (const object of objects) await scene.backend.write(object, precious);
    rmSync(former.folder, { recursive: true });
    await usingStorage(scene.backend.config(), async (storage) => {
      await storage.createPool("main/hdd", { reserve: "0B", trashRetention: "7d", maxOvercommit: 3 });
      await storage.createVolume("main/hdd/data", { size: "3MiB", labels: { "odd/key": 'a "quoted" value' } });
      await storage.createSnapshot("main/hdd/data", "first");
      await storage.createVolume("main/hdd/gone", { size: "1MiB" });
      await storage.delete("main/hdd/gone");
    });

    const folder = join(scene.folder, "generated");
    const { resources, leftOut } = await generate(scene, folder);
    expect(resources.map(({ id }) => id)).toEqual([
      "main/hdd",
      "main/ssd",
      "main/hdd/data",
      "main/ssd/copy",
      "main/ssd/data",
      "main/ssd/wal",
      "main/ssd/home",
      "main/hdd/data@first",
      "main/ssd/data@before",
      "policy/nightly",
    ]);
    expect(leftOut).toEqual([{ id: "main/hdd/gone", reason: "it is in the trash" }]);

    const before = treeHash(join(scene.folder, "storage"));
    await scene.stack.init();
    expectSuccess(await importAll(scene.stack, folder));
    const text = readFileSync(join(folder, "storage.ts"), "utf8");
    await useProgram(scene.stack, text);
    expectSuccess(await scene.stack.preview("--expect-no-changes"));
    expectSuccess(await scene.stack.refresh("--expect-no-changes"));
    expectSentence(expectSuccess(await scene.stack.up("--expect-no-changes")), /1[12] unchanged/);
    expect(treeHash(join(scene.folder, "storage"))).toBe(before);
    for (const object of objects) expect(await scene.backend.read(object, precious.length)).toBe(precious);
    const uids = new Map(resources.map(({ id, uid }) => [id, uid]));
    for (const { id, outputs } of (await scene.stack.resources()).filter((each) => each.id !== undefined))
      if (uids.has(id as string)) expect([id, outputs.uid]).toEqual([id, uids.get(id as string)]);

    // The data of a class may become a class again: that is one create, and nothing else
    const [, data = ""] = /^const class1: ClassDefinition = ({[^;]*});$/m.exec(text) ?? [];
    const withClass = text
      .replace(`const class1: ClassDefinition = ${data};`, `const class1 = new VolumeClass("gold", ${data});`)
      .replace("type ClassDefinition,", "VolumeClass,");
    await useProgram(scene.stack, withClass);
    expectSentence(expectSuccess(await scene.stack.preview()), /\+ 1 to create 11 unchanged/);

    // The first change of an object also notes who declares it now; the others stay as they are
    await useProgram(scene.stack, text.replace('"4096KiB"', '"6MiB"'));
    expectSentence(expectSuccess(await scene.stack.up()), /~ 1 updated/);
    expectSuccess(await scene.stack.preview("--expect-no-changes"));
    const owners = await usingStorage(scene.backend.config(), async (storage) =>
      (await storage.list("main/ssd")).map(({ id, owner }) => `${id} ${owner}`),
    );
    // The library's volume of that name had it first
    expect(owners).toContain("main/ssd/data identity/test/Volume/ssd-data");
    expect(owners).toContain("main/ssd/wal identity/test/Volume/log");
  }, 300_000);

  test("a stack whose state was lost finds its objects again under the names of its own program", async () => {
    const scene = newScene();
    const former = scene.newStack("former", { stackId: "id" });
    // A class lives in the state alone, so this program has none
    const program: Program = ({ krstorage }) => {
      const ssd = new krstorage.Pool("fast", { backend: "main", name: "ssd", reserve: "0B" });
      const data = new krstorage.Volume("data", { pool: ssd, name: "pgdata", size: "4MiB" });
      new krstorage.Snapshot("before", { source: data });
    };
    former.program(program);
    await former.init();
    expectSuccess(await former.up());
    const made = await former.resource("data");
    rmSync(former.folder, { recursive: true });

    const folder = join(scene.folder, "generated");
    mkdirSync(folder);
    await generate(scene, folder);
    await scene.stack.init();
    expectSuccess(await importAll(scene.stack, folder));
    scene.stack.program(program);
    expectSuccess(await scene.stack.preview("--expect-no-changes"));
    expect(await scene.uid()).toBe(made.outputs.uid);
  }, 180_000);
});

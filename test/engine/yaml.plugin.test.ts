import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describeWith } from "../support/requires";
import { pluginHost } from "./support/engineHost";
import { localBackend } from "./support/localBackend";
import { expectSentence } from "./support/scene";
import { expectFailure, expectSuccess, TestStack, temporaryFolder } from "./support/testStack";
import { treeHash } from "./support/treeHash";
import { usingStorage } from "./support/usingStorage";

const example = readFileSync(join(__dirname, "..", "..", "..", "examples", "yaml", "Pulumi.yaml"), "utf8");

/** How a program in YAML names the id of another resource. */
const idOf = (name: string) => `$\{${name}.id}`;

describeWith({ needs: ["yaml"] }, "a program in YAML, served by the plugin", () => {
  const folder = temporaryFolder("yaml");
  const backend = localBackend(folder);
  const storageFolder = join(folder, "storage");
  const project = join(folder, "project");
  let stack: TestStack;
  let text = example;
  const declare = (next: string) => {
    text = next;
    stack.yamlProgram(text);
  };

  beforeAll(async () => {
    mkdirSync(project);
    stack = new TestStack({
      folder: project,
      config: { "krstorage:backends": backend.config(), "krstorage:stackId": "yaml" },
      host: pluginHost,
      runtime: "yaml",
    });
    declare(example);
    await stack.init();
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("AC-35 a preview knows what is certain, and writes nothing", async () => {
    const before = treeHash(storageFolder);
    const preview = expectSuccess(await stack.preview());
    expectSentence(preview, /pool *: "main\/ssd"/);
    expectSentence(preview, /snapshot *: "main\/ssd\/pgdata@before"/);
    expectSentence(preview, /disk *: \[unknown\]/);
    expect(treeHash(storageFolder)).toBe(before);
  }, 60_000);

  test("up makes it, and then there is nothing to do", async () => {
    expectSentence(expectSuccess(await stack.up()), /\+ 8 created/);
    const before = treeHash(storageFolder);
    expectSentence(expectSuccess(await stack.preview("--expect-no-changes")), /8 unchanged/);
    expectSentence(expectSuccess(await stack.refresh("--expect-no-changes")), /8 unchanged/);
    expect(treeHash(storageFolder)).toBe(before);
    const { outputs } = await stack.resource("pgdata");
    expect(outputs).toMatchObject({ sizeBytes: 4 * 2 ** 20, status: "ready", connection: { type: "file" } });
  }, 120_000);

  test("a change is shown down to the property, and made in place", async () => {
    declare(text.replace("size: 4MiB", "size: 6MiB").replace("service: postgres", "service: pg\n        tier: gold"));
    const preview = expectSuccess(await stack.preview());
    expectSentence(preview, /~ labels *: \{ ~ service: "postgres" => "pg" \+ tier *: "gold" \}/);
    expectSentence(preview, /~ size *: "4MiB" => "6MiB"/);
    expectSentence(expectSuccess(await stack.up()), /~ 1 updated/);
    expect((await stack.resource("pgdata")).outputs.sizeBytes).toBe(6 * 2 ** 20);
  }, 120_000);

  test("a shrink is refused at preview, at the property", async () => {
    const kept = text;
    declare(text.replace("size: 6MiB", "size: 1MiB"));
    expectSentence(
      expectFailure(await stack.preview()),
      /resource 'pgdata': property size .* main\/ssd\/pgdata cannot shrink from 6MiB to 1MiB/,
    );
    declare(kept);
  }, 60_000);

  test("a refresh shows the property that has drifted, and nothing else", async () => {
    await usingStorage(backend.config(), (storage) => storage.growVolume("main/ssd/pgdata", "7MiB"));
    const refreshed = expectSuccess(await stack.refresh("--diff"));
    expectSentence(refreshed, /~ 1 updated/);
    const drifted = [...refreshed.output.matchAll(/^\s*[~+-] (\w+) *: (?!\()/gm)].map(([, property]) => property);
    expect(drifted).toEqual(["size"]);
    expect((await stack.resource("pgdata")).outputs).toMatchObject({ size: "7MiB", sizeBytes: 7 * 2 ** 20 });
    declare(text.replace("size: 6MiB", "size: 7MiB"));
    expectSuccess(await stack.preview("--expect-no-changes"));
  }, 60_000);

  test("AC-13 what exists is imported by its id alone, and the code that is printed needs no change", async () => {
    await usingStorage(backend.config(), async (storage) => {
      await storage.createVolume("main/ssd/old", { size: "3MiB", labels: { by: "hand" } });
      await storage.createSnapshot("main/ssd/old", "first");
    });
    for (const [kind, name, id] of [
      ["Volume", "old", "main/ssd/old"],
      ["Snapshot", "old-first", "main/ssd/old@first"],
    ] as const) {
      const type = `krstorage:index:${kind}`;
      const imported = expectSuccess(
        await stack.pulumi("import", type, name, id, "--yes", "--protect=false", "--skip-preview", "--non-interactive"),
      );
      const code = /^resources:\n((?: +.*\n)+)/m.exec(imported.output)?.[1] as string;
      declare(text.replace("\noutputs:", `\n${code}\noutputs:`));
    }
    // Their owner is another program: it is noted as this stack with the first change, and until then nothing differs
    expectSuccess(await stack.preview("--expect-no-changes"));
    expectSuccess(await stack.up("--expect-no-changes"));
    expectSuccess(await stack.refresh("--expect-no-changes"));
    declare(text.replace("by: hand", "by: yaml"));
    const preview = expectSuccess(await stack.preview());
    expectSentence(preview, /~ 1 to update/);
    const changed = [...preview.output.matchAll(/^\s*[~+-] (\w+) *:(?! \(|\w)/gm)].map(([, property]) => property);
    expect([...new Set(changed)].sort()).toEqual(["by", "labels", "owner"]);
    expectSuccess(await stack.up());
    expectSuccess(await stack.preview("--expect-no-changes"));
    expectSuccess(await stack.refresh("--expect-no-changes"));
  }, 180_000);

  test("an id that is none, or of another kind, is refused with what would be right", async () => {
    const tried = async (kind: string, id: string) =>
      expectFailure(await stack.pulumi("import", `krstorage:index:${kind}`, "x", id, "--yes", "--non-interactive"));
    expectSentence(await tried("Volume", "nonsense"), /"nonsense" is not the id of a volume/);
    expectSentence(await tried("Volume", "main/ssd/pgdata@before"), /is a snapshot, not a volume/);
    expectSentence(await tried("Volume", "main/ssd/none"), /does not exist/);
    expectSentence(await tried("Volume", "mian/ssd/x"), /there is no backend "mian"/);
  }, 120_000);

  test("destroy puts the volumes into the trash", async () => {
    // A literal id carries no order, so what was imported names what it hangs on
    declare(
      text
        .replaceAll("pool: main/ssd\n", `pool: ${idOf("ssd")}\n`)
        .replace("source: main/ssd/old\n", `source: ${idOf("old")}\n`),
    );
    expectSuccess(await stack.up());
    expectSuccess(await stack.destroy());
    const phases = (await backend.list("main/ssd")).filter(({ kind }) => kind === "volume").map(({ phase }) => phase);
    expect(phases).toEqual(["trashed", "trashed", "trashed"]);
  }, 60_000);
});

import { execFile } from "node:child_process";
import { accessSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { describeWith } from "../support/requires";
import { type EngineHost, pluginHost } from "./support/engineHost";
import { localBackend } from "./support/localBackend";
import { expectSentence } from "./support/scene";
import { expectSuccess, TestStack, temporaryFolder } from "./support/testStack";

const run = promisify(execFile);
const root = join(__dirname, "..", "..", "..");
const { version } = require("../../../package.json") as { version: string };

/** What the local driver calls; nothing else is on PATH, least of all Node. */
const programs = ["cp", "find", "rm", "du", "sync"];

describeWith({ needs: ["yaml", "linux"] }, "the plugin as an archive", () => {
  const folder = realpathSync(temporaryFolder("archive"));
  const tools = join(folder, "tools");
  let archive = "";

  beforeAll(async () => {
    await run(process.execPath, [join(root, "scripts", "packagePlugin.mjs")], { cwd: root });
    const made = join(root, "dist", "plugin");
    archive = join(made, readdirSync(made).find((name) => name.endsWith(".tar.gz")) as string);
    mkdirSync(tools);
    for (const program of programs) symlinkSync(join("/bin", program), join(tools, program));
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("a YAML user without Node or a Node project installs it and runs the example", async () => {
    const project = join(folder, "project");
    mkdirSync(project);
    const backend = localBackend(folder);
    const { path: _, ...installed } = pluginHost;
    const searched = [tools, process.env.KRSTORAGE_TEST_ENGINE_BIN, process.env.KRSTORAGE_TEST_YAML_BIN];
    for (const place of searched) expect(() => accessSync(join(place as string, "node"))).toThrow(/ENOENT/);
    const stack = new TestStack({
      folder: project,
      config: { "krstorage:backends": backend.config() },
      host: installed satisfies EngineHost,
      runtime: "yaml",
      env: { PATH: searched.join(delimiter) },
    });
    stack.yamlProgram(readFileSync(join(root, "examples", "yaml", "Pulumi.yaml"), "utf8"));
    await stack.init();
    expectSuccess(await stack.pulumi("plugin", "install", "resource", "krstorage", version, "--file", archive));
    expectSentence(expectSuccess(await stack.up()), /\+ 8 created/);
    expectSuccess(await stack.preview("--expect-no-changes"));
    expectSuccess(await stack.refresh("--expect-no-changes"));
    expectSuccess(await stack.destroy());
  }, 180_000);

  test("holds nothing of this machine", async () => {
    const { stdout } = await run("tar", ["-xzf", archive, "--to-stdout", "--wildcards", "lib/dist/*", "lib/main.js"], {
      maxBuffer: 64 * 2 ** 20,
    });
    expect(stdout).not.toContain(root);
  }, 60_000);
});

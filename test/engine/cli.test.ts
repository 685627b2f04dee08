import { readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describeWith } from "../support/requires";
import { CliScene } from "../unit/cli/support/cliScene";
import { DocumentRun, documentLines, needsEngine } from "../unit/cli/support/documentRun";
import { localBackend } from "./support/localBackend";
import { expectSuccess, TestStack, temporaryFolder } from "./support/testStack";

const password = "correct-horse-battery-staple";

describeWith({ needs: ["engine"] }, "krstorage and a real stack", () => {
  jest.setTimeout(180_000);
  const folder = temporaryFolder("cli");
  const backend = localBackend(folder);
  const stack = new TestStack({
    folder,
    stackName: "dev",
    config: { "krstorage:backends": backend.config(), "krstorage:stackId": "stack-1" },
  });
  let scene: CliScene;
  beforeAll(async () => {
    scene = await CliScene.start();
    await stack.init();
    stack.program(({ krstorage }) => {
      const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "1MiB" });
      new krstorage.Volume("pgdata", { pool: ssd, size: "1MiB" });
    });
    expectSuccess(await stack.up());
    expectSuccess(await stack.pulumi("config", "set", "--secret", "other:password", password));
  });
  afterAll(() => {
    scene.end();
    stack.remove();
  });

  const env = (): NodeJS.ProcessEnv => ({
    PATH: [join(scene.folder, "bin"), process.env.KRSTORAGE_TEST_ENGINE_BIN, process.env.PATH].join(delimiter),
    PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    PULUMI_HOME: join(folder, "home"),
    PULUMI_CONFIG_PASSPHRASE: "",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  });

  test("the lines of docs/cli.md that ask Pulumi work as they stand", async () => {
    const run = new DocumentRun(scene, { ...env(), KRSTORAGE_CONFIG: join(folder, "stack.yaml") });
    const lines = documentLines().filter(needsEngine);
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      const { code, stdout, stderr } = await run.line(`cd ${folder}\n${line}`);
      expect({ line, code, stderr }).toMatchObject({ code: 0 });
      expect(`${stdout}${stderr}`).not.toContain(password);
      if (line.includes("orphans")) expect(stdout).toBe("The stacks know every object of the pool.\n");
    }
    const file = join(folder, "stack.yaml");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toContain("stackId: stack-1");
  });

  test("AC-31 what the stack made is no orphan, and what it did not make is one", async () => {
    writeFileSync(join(folder, "cli.yaml"), JSON.stringify({ backends: backend.config() }), { mode: 0o600 });
    const cli = async (line: string) => {
      const { code, stdout, stderr } = await scene.shell(`krstorage ${line} --config ${folder}/cli.yaml`, env());
      if (code !== 0) throw new Error(`${line}: ${code} ${stderr}`);
      return stdout;
    };
    await cli("snapshot main/ssd/pgdata by-hand");
    const { objects } = JSON.parse(await cli(`orphans main/ssd --stack dev --cwd ${folder} --json`)) as {
      objects: { id: string }[];
    };
    expect(objects).toMatchObject([{ id: "main/ssd/pgdata@by-hand" }]);
    await cli("delete main/ssd/pgdata@by-hand");
  });

  test("a renamed stack whose owners were changed goes on with the same objects", async () => {
    const { uid } = (await stack.resource("pgdata")).outputs;
    const cli = (line: string) => scene.shell(`krstorage ${line} --config ${folder}/cli.yaml`, env());
    expect(await cli("chown --from identity/dev --to identity/prod")).toMatchObject({ code: 0 });
    expectSuccess(await stack.pulumi("stack", "rename", "prod"));
    expectSuccess(await stack.up());
    expect((await stack.resource("pgdata")).outputs.uid).toBe(uid);
    expectSuccess(await stack.pulumi("preview", "--non-interactive", "--expect-no-changes"));
    const { stdout } = await cli("get main/ssd/pgdata --json");
    expect(JSON.parse(stdout)).toMatchObject({ object: { uid, owner: "identity/prod/Volume/pgdata" } });
  });
});

import { execFile } from "node:child_process";
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describeWith } from "../support/requires";
import { pluginHost } from "./support/engineHost";
import { expectSuccess, TestStack, temporaryFolder } from "./support/testStack";

const run = promisify(execFile);
const root = join(__dirname, "..", "..", "..");
const schema = JSON.parse(readFileSync(join(root, "schema.json"), "utf8")) as {
  resources: Record<string, unknown>;
  functions: Record<string, unknown>;
};
const names = (of: object) => Object.keys(of).map((token) => token.split(":").pop() as string);

describeWith({ needs: ["engine"] }, "the schema as the engine gets it", () => {
  test("what the plugin serves is the file in the repository", async () => {
    const folder = temporaryFolder("get-schema");
    const stack = new TestStack({ folder, config: {}, host: pluginHost });
    const plugin = join(pluginHost.path as string, "pulumi-resource-krstorage");
    const { output } = expectSuccess(await stack.pulumi("package", "get-schema", plugin));
    expect(JSON.parse(output.slice(output.indexOf("{\n")))).toEqual(schema);
    rmSync(folder, { recursive: true });
  }, 60_000);
});

describeWith({ needs: ["codegen", "python"] }, "SDKs that Pulumi's own generators make of the schema", () => {
  const folder = temporaryFolder("codegen");
  beforeAll(
    () => run(join(process.env.KRSTORAGE_TEST_CODEGEN_BIN as string, "codegen"), [join(root, "schema.json"), folder]),
    60_000,
  );
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("the Node SDK compiles under strict, and a program that uses it too", async () => {
    const sdk = join(folder, "nodejs");
    symlinkSync(join(root, "node_modules"), join(sdk, "node_modules"), "dir");
    const program = `import * as krstorage from "./index";
const ssd = new krstorage.Pool("ssd", { backend: "main", tier: krstorage.PoolTier.Hot });
const data = new krstorage.Volume("data", { pool: ssd.id, size: "1GiB" });
export const path = data.connection.path;
export const size = krstorage.getVolumeOutput({ id: data.id }).sizeBytes;
export const resources = [${names(schema.resources).map((name) => `krstorage.${name}`)}];
export const functions = [${names(schema.functions).map((name) => `krstorage.${name}`)}];
`;
    writeFileSync(join(sdk, "program.ts"), program);
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const options = [
      "--noEmit",
      "--strict",
      "--skipLibCheck",
      "--module",
      "node16",
      "--target",
      "es2022",
      "--types",
      "node",
    ];
    await run(process.execPath, [tsc, ...options, "program.ts"], { cwd: sdk });
  }, 120_000);

  test("the Python SDK is imported, and its resources and functions are there", async () => {
    const environment = join(folder, "environment");
    await run("python3", ["-m", "venv", environment]);
    const python = join(environment, "bin", "python");
    await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", join(folder, "python")]);
    const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const wanted = [...names(schema.resources), ...names(schema.functions).map(snake)];
    const program = `import krstorage_pulumi as k\nprint([n for n in ${JSON.stringify(wanted)} if not hasattr(k, n)])`;
    const { stdout } = await run(python, ["-c", program], { cwd: folder });
    expect(stdout.trim()).toBe("[]");
  }, 240_000);

  test("the Python and Go SDKs have every resource and function", () => {
    const read = (language: string) =>
      readdirSync(join(folder, language), { recursive: true, encoding: "utf8" })
        .filter((file) => /\.(py|go)$/.test(file))
        .map((file) => readFileSync(join(folder, language, file), "utf8"))
        .join("\n");
    const [python, go] = [read("python"), read("go")];
    for (const name of names(schema.resources)) {
      expect(python).toContain(`class ${name}(pulumi.CustomResource)`);
      expect(go).toContain(`func New${name}(`);
    }
    for (const name of names(schema.functions)) {
      expect(python).toContain(`def ${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}(`);
      expect(go).toContain(`func ${name[0]?.toUpperCase()}${name.slice(1)}(`);
    }
  });
});

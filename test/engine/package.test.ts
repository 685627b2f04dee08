import { execFile, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { describeWith } from "../support/requires";
import { localBackend } from "./support/localBackend";
import { expectSuccess, TestStack, temporaryFolder } from "./support/testStack";

const run = promisify(execFile);
const root = join(__dirname, "..", "..", "..");

/** A Node newer than the oldest that is supported; its binaries come as an npm package. */
const newerNode = "24";

interface Manifest {
  exports: Record<string, string | Record<string, string>>;
  bin: Record<string, string>;
}

/** A program that uses every entry point and every class. */
const consumer = `
import { classTemplates, Pool, Share, Snapshot, SnapshotPolicy, Volume, VolumeClass } from "krstorage";
import * as plugin from "krstorage/plugin";
import { planRetention, simulate } from "krstorage/retention";
import { openStorage, KrStorageError, type ObjectInfo } from "krstorage/storage";
import { describeDriverContract, type Driver, type Harness } from "krstorage/testing";

const ssd = new Pool("ssd", { backend: "main" });
const gold = new VolumeClass("gold", { ...classTemplates.gold, pools: [ssd] });
const data = new Volume("data", { volumeClass: gold, size: "1GiB" });
const home = new Share("home", { pool: ssd, size: "1GiB" });
const before = new Snapshot("before", { source: data });
new Volume("copy", { pool: ssd, size: "1GiB", source: { snapshot: before } });
new SnapshotPolicy("nightly", { schedule: "@daily", retention: { keepDaily: 7 }, targets: [data, home] });
new plugin.Provider("other", { backends: { main: { type: "local", path: "/srv/other" } } });
export const path = data.connection.apply((connection) => connection.type === "file" ? connection.path : undefined);
export const used = [planRetention, simulate, openStorage, KrStorageError, describeDriverContract];
export type Used = [ObjectInfo, Driver, Harness];
`;

describeWith({ needs: ["engine"] }, "the package as users get it", () => {
  const folder = realpathSync(temporaryFolder("package"));
  let tarball = "";
  beforeAll(async () => {
    const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
      cwd: root,
    });
    tarball = join(folder, (JSON.parse(stdout) as { filename: string }[])[0]?.filename as string);
    writeFileSync(join(folder, "package.json"), '{"name":"consumer","private":true}');
    // The peer is linked, not downloaded again
    await run("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--legacy-peer-deps", tarball], {
      cwd: folder,
    });
    symlinkSync(join(root, "node_modules", "@pulumi"), join(folder, "node_modules", "@pulumi"), "dir");
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("holds what is meant for users and nothing else", async () => {
    const { stdout } = await run("tar", ["-tzf", tarball]);
    const files = stdout.trim().split("\n");
    const odd = files.filter(
      (file) =>
        !/^package\/(dist\/(sdk|provider|agent)\/.*\.(js|d\.ts|js\.map)|bin\/[\w-]+|agent\/alerts\/krstorage\.rules\.yaml|schema\.json|README\.md|LICENSE|CHANGELOG\.md|package\.json)$/.test(
          file,
        ),
    );
    expect(odd).toEqual([]);
    const text = files
      .filter((file) => file.endsWith(".js"))
      .map((file) => readFileSync(join(folder, "node_modules", "krstorage", file.slice("package/".length)), "utf8"));
    expect(text.join("\n")).not.toContain(root);
  });

  test.each(["tarball", "tarball on a newer Node"])(
    "up, no-change preview, refresh and destroy from an installed %s",
    async (how) => {
      const project = join(folder, how.replaceAll(" ", "-"));
      mkdirSync(project);
      const backend = localBackend(project);
      const env =
        how === "tarball"
          ? {}
          : {
              PATH: [await newerNodeFolder(), process.env.KRSTORAGE_TEST_ENGINE_BIN, process.env.PATH].join(delimiter),
            };
      const stack = new TestStack({
        folder: project,
        config: { "krstorage:backends": backend.config() },
        modules: join(folder, "node_modules"),
        env,
      });
      await stack.init();
      stack.program(({ krstorage }) => {
        const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
        const data = new krstorage.Volume("data", { pool: ssd, size: "1MiB" });
        new krstorage.Snapshot("before", { source: data });
        return { node: process.version };
      });
      expectSuccess(await stack.up());
      if (how !== "tarball")
        expectSuccess(await stack.pulumi("stack", "output", "node")).output.startsWith(`v${newerNode}.`);
      expectSuccess(await stack.preview("--expect-no-changes"));
      expectSuccess(await stack.refresh("--expect-no-changes"));
      expectSuccess(await stack.destroy());
    },
    300_000,
  );

  test("runs as a source plugin, by the script with which the engine's Node host starts one", async () => {
    const project = join(folder, "source-plugin");
    cpSync(join(root, "plugin"), project, { recursive: true });
    symlinkSync(join(folder, "node_modules"), join(project, "node_modules"), "dir");
    const script = join(root, "node_modules", "@pulumi", "pulumi", "cmd", "run-plugin", "index.js");
    const child = spawn(process.execPath, [script, project, "127.0.0.1:1"], { cwd: project });
    const printed = await new Promise<string>((resolve) => {
      child.stdout.once("data", (chunk: Buffer) => resolve(String(chunk)));
      child.once("exit", () => resolve("it ended"));
    });
    child.kill("SIGKILL");
    expect(printed).toMatch(/^\d+\n/);
  }, 60_000);

  test("types of every entry point resolve for CommonJS and ES-module consumers, strictly", async () => {
    writeFileSync(join(folder, "common.cts"), consumer);
    writeFileSync(join(folder, "module.mts"), consumer);
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const flags = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--module", "node16", "--target", "es2022"];
    await run(process.execPath, [tsc, ...flags, "common.cts", "module.mts"], { cwd: folder });
    // What Pulumi's own template has; it knows no `exports`, so the main entry point alone
    writeFileSync(
      join(folder, "template.ts"),
      'import { Pool, Volume } from "krstorage";\nexport const made = [Pool, Volume];\n',
    );
    const template = [
      "--noEmit",
      "--strict",
      "--module",
      "commonjs",
      "--esModuleInterop",
      "--moduleResolution",
      "node10",
      "--target",
      "es2020",
    ];
    await run(process.execPath, [tsc, ...template, "template.ts"], { cwd: folder });
  }, 120_000);

  test("every entry point is a file that is there, with types, and gives ES modules its names", async () => {
    const installed = join(folder, "node_modules", "krstorage");
    const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Manifest;
    const entries = Object.entries(manifest.exports).filter(([, target]) => typeof target !== "string");
    for (const [, target] of entries) {
      expect(Object.keys(target)).toEqual(["types", "default"]);
      for (const file of Object.values(target)) expect([file, existsSync(join(installed, file))]).toEqual([file, true]);
    }
    for (const file of Object.values(manifest.bin))
      expect([file, readFileSync(join(installed, file), "utf8").startsWith("#!/usr/bin/env node\n")]).toEqual([
        file,
        true,
      ]);
    // The plugin's comes first: it must be imported before what would choose the dynamic provider
    const names = entries.map(([path]) => `krstorage${path.slice(1)}`).sort((a) => (a === "krstorage/plugin" ? -1 : 0));
    // One that a CommonJS consumer has and an ES-module consumer has not would be an error at run time only
    const program = `
      import { createRequire } from "node:module";
      const require = createRequire(import.meta.url);
      for (const name of ${JSON.stringify(names)}) {
        const missing = Object.keys(require(name)).filter((key) => !(key in namespaces[name]));
        if (missing.length > 0) throw new Error(name + " lacks " + missing);
      }
      console.log(Object.keys(namespaces).length);`;
    const imports = names.map((name, index) => `import * as n${index} from ${JSON.stringify(name)};`).join("\n");
    const table = `const namespaces = { ${names.map((name, index) => `${JSON.stringify(name)}: n${index}`).join(", ")} };`;
    writeFileSync(join(folder, "entries.mjs"), `${imports}\n${table}\n${program}`);
    const newer = join(await newerNodeFolder(), "node");
    for (const node of [process.execPath, newer])
      expect((await run(node, ["entries.mjs"], { cwd: folder })).stdout.trim()).toBe(String(names.length));
  }, 120_000);

  /** Installs a newer Node from its npm package and gives the folder of its binary. */
  async function newerNodeFolder(): Promise<string> {
    const place = join(folder, "newer-node");
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, "package.json"), '{"name":"newer-node","private":true}');
    await run(
      "npm",
      ["install", "--no-save", "--no-audit", "--no-fund", `node-${process.platform}-${process.arch}@${newerNode}`],
      { cwd: place },
    );
    const packages = readdirSync(join(place, "node_modules"));
    return dirname(
      join(place, "node_modules", packages.find((name) => name.startsWith("node-")) as string, "bin", "node"),
    );
  }
});

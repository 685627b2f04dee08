import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { describeWith } from "../support/requires";
import { localBackend } from "./support/localBackend";
import { expectSuccess, TestStack, temporaryFolder } from "./support/testStack";

const run = promisify(execFile);
const root = join(__dirname, "..", "..", "..");

/** A Node newer than the oldest that is supported; its binaries come as an npm package. */
const newerNode = "24";

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
        !/^package\/(dist\/(sdk|provider|agent)\/.*\.(js|d\.ts|js\.map)|bin\/[\w-]+|schema\.json|README\.md|LICENSE|CHANGELOG\.md|package\.json)$/.test(
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

  test("types resolve for CommonJS and ES-module consumers", async () => {
    const source =
      'import { Pool, Volume } from "krstorage";\nimport { openStorage } from "krstorage/storage";\nexport const made = [Pool, Volume, openStorage];\n';
    writeFileSync(join(folder, "common.cts"), source);
    writeFileSync(join(folder, "module.mts"), source);
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    await run(
      process.execPath,
      [tsc, "--noEmit", "--strict", "--module", "node16", "--target", "es2022", "common.cts", "module.mts"],
      { cwd: folder },
    );
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

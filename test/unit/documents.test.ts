import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { readAgentConfig } from "../../agent/config/agentConfig";
import { parseBackends } from "../../provider/storage";
import { fencedBlocks } from "../support/markdown";

const root = join(__dirname, "..", "..", "..");

/** What users and contributors read. Engine tests run the commands of the README, of docs/ and of the examples; here is what needs no engine. */
const documents = [
  ...["README.md", "CONTRIBUTING.md", "SECURITY.md", "examples/README.md"],
  ...["docs", "docs/backends"].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => join(folder, name)),
  ),
  ...readdirSync(join(root, "examples"))
    .map((name) => join("examples", name, "README.md"))
    .filter((path) => existsSync(join(root, path))),
];
const textOf = (path: string) => readFileSync(join(root, path), "utf8");
const blocksIn = (path: string, language: string) => fencedBlocks(textOf(path), language);

/** Every block of one language, as `[where, text]`. */
function allBlocks(language: string): [string, string][] {
  return documents.flatMap((path) =>
    blocksIn(path, language).map((text, index): [string, string] => [`${path} ${language} ${index + 1}`, text]),
  );
}

describe("documents", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "krstorage-documents-"));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules", "krstorage"), "dir");
    symlinkSync(join(root, "node_modules", "@pulumi"), join(folder, "node_modules", "@pulumi"), "dir");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a JavaScript block with an empty storage folder as its argument; what it printed, by line. */
  function printedBy(program: string): string[] {
    writeFileSync(join(folder, "example.js"), program);
    mkdirSync(join(folder, "storage"), { mode: 0o711 });
    const options = { cwd: folder, encoding: "utf8" } as const;
    return execFileSync(process.execPath, ["example.js", join(folder, "storage")], options)
      .trim()
      .split("\n");
  }

  test("the README's library example runs as it stands", () => {
    const [example = ""] = blocksIn("README.md", "js");
    expect(printedBy(example).slice(1, 4).sort()).toEqual([
      "main/ssd/copy volume ready",
      "main/ssd/pgdata volume ready",
      "main/ssd/pgdata@before snapshot ready",
    ]);
    expect(example.trim().split("\n").length).toBeLessThanOrEqual(15);
  }, 60_000);

  test("the trash, as the concepts show it", () => {
    const [example = ""] = blocksIn("docs/concepts.md", "js");
    expect(printedBy(example)).toEqual(["main/ssd/data ready"]);
  }, 60_000);

  test("every TypeScript block is a program with the types that it should have", () => {
    const programs = allBlocks("ts");
    expect(programs.length).toBeGreaterThan(7);
    const files = programs.map(([where, text]) => {
      const file = `${where.replaceAll(/\W+/g, "-")}.ts`;
      writeFileSync(join(folder, file), text);
      return file;
    });
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "node16", "--target", "es2022"];
    execFileSync(process.execPath, [tsc, ...flags, ...files], { cwd: folder });
  }, 120_000);

  test.each([
    ["as it stands", {}],
    ["with the older modules that the page speaks of", { module: "commonjs", moduleResolution: "node" }],
  ])(
    "the installation page's tsconfig.json, %s",
    (_how, other) => {
      const [block = ""] = blocksIn("docs/installation-configuration.md", "json");
      const config = JSON.parse(block) as { compilerOptions: object };
      const compilerOptions = { ...config.compilerOptions, ...other, noEmit: true };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ ...config, compilerOptions }));
      writeFileSync(join(folder, "index.ts"), blocksIn("README.md", "ts")[0] ?? "");
      execFileSync(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", folder]);
    },
    60_000,
  );

  test.each(allBlocks("yaml"))("%s is understood by whoever reads such a file", (where, text) => {
    const content = parse(text) as {
      backends?: unknown;
      config?: Record<string, unknown>;
      resources?: Record<string, { type: string; properties: object }>;
      hooks?: unknown;
      apiVersion?: string;
    };
    if (content.resources) expectProgram(content.resources);
    else if (content.hooks) {
      const file = join(folder, "agent.yaml");
      writeFileSync(file, text, { mode: 0o600 });
      expect(Object.keys(readAgentConfig(file).hooks ?? {})).toEqual(Object.keys(content.hooks));
    } else if (content.apiVersion) expect(JSON.stringify(content)).toContain("krstorage");
    else expect(parseBackends(content.backends ?? content.config?.["krstorage:backends"], where)).toHaveLength(1);
  });

  test.each(documents)("%s names scripts, files and links that exist", (path) => {
    const text = textOf(path);
    const folderOf = join(root, dirname(path));
    const near = existsSync(join(folderOf, "package.json")) ? folderOf : root;
    const { scripts = {} } = JSON.parse(readFileSync(join(near, "package.json"), "utf8")) as {
      scripts?: Record<string, string>;
    };
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name as string);
    expect(named.filter((name) => !Object.hasOwn(scripts, name) && name !== "…")).toEqual([]);
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link as string);
    expect(links.filter((link) => !existsSync(join(folderOf, link)))).toEqual([]);
  });

  test("every option of a backend is named by the configuration's table", () => {
    const table = textOf("docs/backends.md");
    for (const option of ["timeout", "concurrency", "readOnly", "acceptIdentity", "formerly", "path", "group"])
      expect(table).toMatch(new RegExp(`^\\| \`${option}\` \\| \\S`, "m"));
  });

  test("the rights of docs/backends/ceph.md are those that KRStorage has in the tests' clusters", () => {
    const command = blocksIn("docs/backends/ceph.md", "sh").find((block) =>
      block.startsWith("ceph auth get-or-create"),
    );
    const printed = execFileSync("sh", ["-c", `ceph() { printf '%s\\0' "$@"; }\n${command}`], { encoding: "utf8" });
    const inOneLine = (text: string) => text.replaceAll(/\s+/g, " ");
    const [, , user, ...caps] = printed.split("\0").slice(0, -1).map(inOneLine);
    const cluster = join(root, "test", "backends", "ceph", "cluster.mjs");
    const program = `import(${JSON.stringify(cluster)}).then((m) => console.log(JSON.stringify(m.krstorageCaps)))`;
    const used = JSON.parse(execFileSync(process.execPath, ["-e", program], { encoding: "utf8" })) as string[];
    expect([user, caps]).toEqual(["client.krstorage", used.map(inOneLine)]);
  });

  test("generated documents are up to date", () => {
    expect(
      execFileSync(process.execPath, [join(root, "scripts", "generate.mjs"), "--check"], { encoding: "utf8" }),
    ).toMatch(/up to date/);
  }, 60_000);
});

/** A Pulumi program in YAML whose types and properties are in the schema. */
function expectProgram(declared: Record<string, { type: string; properties: object }>): void {
  const { resources } = JSON.parse(textOf("schema.json")) as {
    resources: Record<string, { inputProperties: object; requiredInputs?: string[] }>;
  };
  for (const { type, properties } of Object.values(declared)) {
    const { inputProperties = {}, requiredInputs = [] } = resources[type.replace(":", ":index:")] ?? {};
    expect(Object.keys(inputProperties)).toEqual(expect.arrayContaining(Object.keys(properties)));
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(requiredInputs));
  }
}

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localDriver } from "../../provider/drivers/local";
import { backendOptions } from "../../provider/storage/config";

const root = join(__dirname, "..", "..", "..");
const readme = readFileSync(join(root, "README.md"), "utf8");

/** The fenced blocks of the README in one language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(
    ([, text]) => text as string,
  );
}

describe("documents", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "krstorage-readme-"));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules", "krstorage"), "dir");
    symlinkSync(join(root, "node_modules", "@pulumi"), join(folder, "node_modules", "@pulumi"), "dir");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("the README's library example runs as it stands", () => {
    const [example] = blocks("js");
    writeFileSync(join(folder, "example.js"), example as string);
    mkdirSync(join(folder, "storage"), { mode: 0o711 });
    const printed = execFileSync(process.execPath, ["example.js", join(folder, "storage")], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(printed.split("\n").slice(1, 4).sort()).toEqual([
      "main/ssd/copy volume ready",
      "main/ssd/pgdata volume ready",
      "main/ssd/pgdata@before snapshot ready",
    ]);
    expect((example as string).trim().split("\n").length).toBeLessThanOrEqual(15);
  }, 60_000);

  test("the README's program has the types that it should", () => {
    const [program] = blocks("ts");
    writeFileSync(join(folder, "program.ts"), program as string);
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    execFileSync(
      process.execPath,
      [tsc, "--noEmit", "--strict", "--skipLibCheck", "--module", "node16", "--target", "es2022", "program.ts"],
      { cwd: folder },
    );
  }, 60_000);

  test("the README's table of options is what the code takes", () => {
    const table = readme.slice(
      readme.indexOf("| option of a backend |"),
      readme.indexOf("`krstorage:stackId` is a random text"),
    );
    const documented = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name).sort();
    expect(documented).toEqual(
      ["type", ...Object.keys(backendOptions), ...Object.keys(localDriver.options.shape)].sort(),
    );
  });

  test("generated documents are up to date", () => {
    expect(
      execFileSync(process.execPath, [join(root, "scripts", "generate.mjs"), "--check"], { encoding: "utf8" }),
    ).toMatch(/up to date/);
  });
});

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const scripts = resolve(__dirname, "../../../scripts");

test("node_modules that is a link to another clone's, and out of date, is left alone: npm would empty that one", () => {
  const around = mkdtempSync(join(tmpdir(), "krstorage-dependencies-"));
  try {
    const [theirs, clone] = [join(around, "theirs"), join(around, "clone")];
    for (const folder of [theirs, clone]) mkdirSync(folder);
    writeFileSync(join(theirs, "used"), "");
    cpSync(join(scripts, "lib"), join(clone, "scripts", "lib"), { recursive: true });
    symlinkSync(theirs, join(clone, "node_modules"), "dir");
    writeFileSync(join(clone, "package.json"), JSON.stringify({ name: "clone", version: "1.0.0" }));
    const lock = { name: "clone", version: "1.0.0", lockfileVersion: 3, packages: { "": { name: "clone" } } };
    writeFileSync(join(clone, "package-lock.json"), JSON.stringify(lock));
    const program = `
      const { installDependencies } = await import(${JSON.stringify(join(clone, "scripts", "lib", "dependencies.mjs"))});
      console.log(await installDependencies().catch((error) => error.message));`;
    const said = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd: clone,
      encoding: "utf8",
    });
    expect(said).toContain("node_modules leads to");
    expect(existsSync(join(theirs, "used"))).toBe(true);
  } finally {
    rmSync(around, { recursive: true });
  }
}, 30_000);

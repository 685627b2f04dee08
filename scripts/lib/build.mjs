// Compiles sdk/, provider/ and test/ into dist/ when their sources changed since the last time.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { StepError } from "./console.mjs";
import { inRoot, root } from "./paths.mjs";
import { runTool } from "./run.mjs";

const sourceFolders = ["sdk", "provider", "agent", "test"];
const stampFile = inRoot("dist", ".build");

function filesBelow(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function hashOfSources() {
  const hash = createHash("sha256");
  for (const file of ["package-lock.json", "tsconfig.json"]) hash.update(readFileSync(inRoot(file)));
  for (const folder of sourceFolders) {
    for (const file of filesBelow(inRoot(folder), ".ts"))
      hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
  }
  return hash.digest("hex");
}

/** Removes what was compiled from sources that are gone: a deleted test must not go on running. */
function removeLeftovers() {
  for (const folder of sourceFolders) {
    for (const file of filesBelow(inRoot("dist", folder), ".js")) {
      const stem = file.slice(0, -".js".length);
      if (existsSync(`${inRoot(relative(inRoot("dist"), stem))}.ts`)) continue;
      for (const ending of [".js", ".js.map", ".d.ts"]) rmSync(stem + ending, { force: true });
    }
  }
}

export async function build() {
  const hash = hashOfSources();
  removeLeftovers();
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === hash) return "up to date";
  rmSync(stampFile, { force: true });
  const { code, output } = await runTool("typescript/bin/tsc", ["-p", "tsconfig.json", "--pretty", "false"]);
  if (code !== 0) throw new StepError(`The build failed:\n${output.trimEnd()}`);
  mkdirSync(inRoot("dist"), { recursive: true });
  writeFileSync(stampFile, hash);
  return "built";
}

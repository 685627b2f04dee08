// Brings node_modules up to date with package-lock.json, and does nothing when it already is.
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { heartbeat, StepError } from "./console.mjs";
import { inRoot } from "./paths.mjs";
import { runNpm, tail } from "./run.mjs";

const lockFile = inRoot("package-lock.json");
const folder = inRoot("node_modules");
const installed = inRoot("node_modules", ".package-lock.json"); // npm's own note of what it installed
const stampFile = inRoot("node_modules", ".krstorage-lock");

/** Node's major version and the system count too: native modules are chosen by them. */
const stamp = () =>
  createHash("sha256")
    .update(readFileSync(lockFile))
    .update(`${process.versions.modules} ${process.platform} ${process.arch}`)
    .digest("hex");

const isStamped = () => existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp();

function isUpToDate() {
  if (!existsSync(installed)) return false;
  if (isStamped()) return true;
  // Installed by hand (`npm install <package>`): npm then wrote its note after the lock file.
  return statSync(installed).mtimeMs >= statSync(lockFile).mtimeMs;
}

async function install() {
  // npm would empty the folder that the link leads to, under whoever uses it there
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink())
    throw new StepError(
      `node_modules leads to ${realpathSync(folder)}, which is not what package-lock.json says; run npm ci there, or remove the link`,
    );
  const flags = ["--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const clean = await runNpm(["ci", ...flags]);
  // A lock file made where a registry offers only one system's binaries is incomplete in the eyes of npm 11, and of no other.
  // `install` takes the same pinned versions from it; --no-save leaves the file alone.
  if (clean.code !== 0 && clean.output.includes("EUSAGE")) return runNpm(["install", "--no-save", ...flags]);
  return clean;
}

export async function installDependencies() {
  let result = "up to date";
  if (!isUpToDate()) {
    const stop = heartbeat("npm ci");
    const { code, output } = await install().finally(stop);
    if (code !== 0) throw new StepError(`npm ci failed:\n${tail(output)}\nTry: npm ci`);
    result = "installed";
  }
  // Not anew each time: who looks at it at that moment would find it empty
  if (!isStamped()) writeFileSync(stampFile, stamp());
  return result;
}

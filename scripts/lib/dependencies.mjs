// Brings node_modules up to date with package-lock.json, and does nothing when it already is.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { heartbeat, StepError } from "./console.mjs";
import { inRoot } from "./paths.mjs";
import { runNpm, tail } from "./run.mjs";

const lockFile = inRoot("package-lock.json");
const installed = inRoot("node_modules", ".package-lock.json"); // npm's own note of what it installed
const stampFile = inRoot("node_modules", ".krstorage-lock");

/** Node's major version and the system count too: native modules are chosen by them. */
const stamp = () =>
  createHash("sha256")
    .update(readFileSync(lockFile))
    .update(`${process.versions.modules} ${process.platform} ${process.arch}`)
    .digest("hex");

function isUpToDate() {
  if (!existsSync(installed)) return false;
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp()) return true;
  // Installed by hand (`npm install <package>`): npm then wrote its note after the lock file.
  return statSync(installed).mtimeMs >= statSync(lockFile).mtimeMs;
}

async function install() {
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
    const installed = await install();
    stop();
    if (installed.code !== 0) throw new StepError(`npm ci failed:\n${tail(installed.output)}\nTry: npm ci`);
    result = "installed";
  }
  writeFileSync(stampFile, stamp());
  return result;
}

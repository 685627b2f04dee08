// The cache of engines: one folder for each version and build recipe, published by a rename so that it is whole or absent.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { inRoot, userCache } from "./paths.mjs";
import { run } from "./run.mjs";

export const recipe = inRoot("scripts", "engine");

export const exe = (name) => (process.platform === "win32" ? `${name}.exe` : name);

/** The CLI's version as pinned by the recipe, e.g. "3.259.0": the one place it is written down. */
export function cliVersion() {
  const pinned = /github\.com\/pulumi\/pulumi\/pkg\/v3 v(\S+)/.exec(
    readFileSync(join(recipe, "cli", "go.mod"), "utf8"),
  );
  return pinned[1];
}

/** A hash of what the modules of the recipe pin, and of the system. */
export function recipeHash(modules) {
  const hash = createHash("sha256").update(`${process.platform}-${process.arch}`);
  for (const module of modules) {
    for (const file of readdirSync(join(recipe, module)).sort()) {
      hash.update(`\0${module}/${file}\0`).update(readFileSync(join(recipe, module, file)));
    }
  }
  return hash.digest("hex").slice(0, 12);
}

export const cacheRoot = () => join(userCache(), "krstorage", "engine");
export const cacheFolder = () => join(cacheRoot(), `${cliVersion()}-${recipeHash(["cli", "nodeHost"])}`);

/** What `pulumi version` says, without the leading "v"; undefined if it cannot be run. */
export async function readVersion(pulumi) {
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const { code, stdout } = await run(pulumi, ["version"], { env, timeout: 30_000 });
  return code === 0 ? /^v?(\d+\.\d+\.\d+)/m.exec(stdout)?.[1] : undefined;
}

/** Whether a program is there, and not an empty file. */
export function isUsable(path) {
  try {
    return statSync(path).size > 0;
  } catch {
    return false;
  }
}

/** Whether a folder holds a CLI that runs and a Node language host. */
export async function isComplete(binDir) {
  if (!isUsable(join(binDir, exe("pulumi-language-nodejs")))) return false;
  return (await readVersion(join(binDir, exe("pulumi")))) !== undefined;
}

const unfinished = ".unfinished-";
const abandonedAfter = 2 * 60 * 60 * 1000;

/** A folder to make an engine in, beside its destination so that the final rename stays within one file system. */
export function newWorkFolder() {
  mkdirSync(cacheRoot(), { recursive: true });
  for (const name of readdirSync(cacheRoot())) {
    // Left by a run that was killed. Age decides: a process id means nothing to another container on the same cache.
    if (name.startsWith(unfinished) && age(name) > abandonedAfter)
      rmSync(join(cacheRoot(), name), { recursive: true, force: true });
  }
  return mkdtempSync(join(cacheRoot(), unfinished));
}

function age(name) {
  try {
    return Date.now() - statSync(join(cacheRoot(), name)).mtimeMs;
  } catch {
    return 0;
  }
}

/** Marks a work folder as alive; another run then waits for it instead of building a second time. */
export function keepAlive(folder) {
  const now = new Date();
  utimesSync(folder, now, now);
}

/** Whether another run is making an engine right now. */
export function isBeingMade() {
  try {
    return readdirSync(cacheRoot()).some((name) => name.startsWith(unfinished) && age(name) < 30_000);
  } catch {
    return false;
  }
}

/** Gives a finished work folder its final name. The first of two runs wins; the other's work is thrown away. */
export async function publish(folder) {
  const target = cacheFolder();
  if (await isComplete(join(target, "bin"))) {
    rmSync(folder, { recursive: true, force: true });
    return target;
  }
  try {
    renameSync(folder, target);
  } catch (error) {
    if (await isComplete(join(target, "bin"))) {
      rmSync(folder, { recursive: true, force: true });
      return target;
    }
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    // What stands there does not run: put it aside, so that nothing is ever half replaced.
    const aside = newWorkFolder();
    renameSync(target, join(aside, "broken"));
    renameSync(folder, target);
    rmSync(aside, { recursive: true, force: true });
  }
  return target;
}

import { lstatSync } from "node:fs";
import { KrStorageError } from "../../model/errors";
import type { Holder } from "../driver";
import { hasTree } from "./carrier";
import { diskPath, objectFolder, type PoolPaths, treePath } from "./layout";
import { keyOf } from "./procFiles";
import { sightings } from "./sightings";
import { treeHolders } from "./treeHolders";

/**
 * What this machine shows to use a disk or a share: open files, locks and loop devices. A floor: processes of other users, other machines
 * and other containers may not be seen. Empty where the system is not Linux.
 */
export async function holdersOf(paths: PoolPaths, uid: string): Promise<Holder[]> {
  if (process.platform !== "linux") return [];
  const stats = lstatSync(diskPath(paths, uid), { throwIfNoEntry: false });
  if (!stats) return hasTree(objectFolder(paths, uid)) ? treeHolders(treePath(paths, uid), await sightings()) : [];
  return holdersOfFile(stats);
}

/** What this machine shows to use a file, by its device and inode. */
export async function holdersOfFile(stats: { dev: number; ino: number }): Promise<Holder[]> {
  if (process.platform !== "linux") return [];
  const found = (await sightings()).get(keyOf(stats)) ?? [];
  const byName = new Map<string, boolean>();
  for (const sighting of found) {
    const name = sighting.name();
    byName.set(name, (byName.get(name) ?? false) || sighting.writes());
  }
  return [...byName].map(([name, writes]) => ({ name, writes }));
}

/** Throws IN_USE, naming who uses an object, if anyone does. */
export async function requireUnused(paths: PoolPaths, uid: string, what: string, verb: string): Promise<void> {
  const holders = await holdersOf(paths, uid);
  if (holders.length > 0) throw inUse(what, verb, holders);
}

export function inUse(what: string, verb: string, holders: Holder[], todo = "end that first"): KrStorageError {
  return new KrStorageError(
    "IN_USE",
    `${what} cannot be ${verb}: it is in use by ${holders.map((holder) => holder.name).join(", ")}; ${todo}`,
    { target: what },
  );
}

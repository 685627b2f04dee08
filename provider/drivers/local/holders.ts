import { lstatSync, readlinkSync, statSync } from "node:fs";
import { KrStorageError } from "../../model/errors";
import type { Holder } from "../driver";
import { hasTree } from "./carrier";
import { isCopier } from "./copyDisk";
import { diskPath, objectFolder, type PoolPaths, treePath } from "./layout";
import { keyOf, processName, readdirOrNone, readOrNone, statOrNone } from "./procFiles";
import { isOwnDescriptor } from "./safeFiles";
import { treeHolders } from "./treeHolders";

/** Someone who has a file open, locked, or behind a loop device. */
export interface Sighting {
  pid?: number;
  // Looked up only for the disk that is asked for
  name(): string;
  writes(): boolean;
}
/** By device and inode. */
export type Sightings = Map<string, Sighting[]>;

let pending: Promise<Sightings> | undefined;

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

/** One look at the whole system serves every call that asked before it began. */
function sightings(): Promise<Sightings> {
  pending ??= new Promise((resolve) => {
    setImmediate(() => {
      pending = undefined;
      resolve(lookAround());
    });
  });
  return pending;
}

function lookAround(): Sightings {
  const found: Sightings = new Map();
  for (const name of readdirOrNone("/proc")) if (/^\d+$/.test(name)) lookAtProcess(Number(name), found);
  lookAtLocks(found);
  lookAtLoopDevices(found);
  return found;
}

function lookAtProcess(pid: number, found: Sightings): void {
  if (isCopier(pid)) return;
  const isOwn = pid === process.pid;
  for (const descriptor of readdirOrNone(`/proc/${pid}/fd`)) {
    if (isOwn && isOwnDescriptor(Number(descriptor))) continue;
    const link = `/proc/${pid}/fd/${descriptor}`;
    try {
      const target = readlinkSync(link);
      if (!target.startsWith("/") || target.startsWith("/dev/") || target.startsWith("/proc/")) continue;
      const stats = statSync(link);
      if (!stats.isFile()) continue;
      add(found, keyOf(stats), { name: () => processName(pid), pid, writes: () => writesTo(pid, descriptor) });
    } catch {
      // Closed meanwhile, or not ours to see
    }
  }
}

function lookAtLocks(found: Sightings): void {
  // 12: OFDLCK ADVISORY  WRITE -1 fe:00:4711 100 101
  const pattern = /^\d+: (?:-> )?\S+\s+\S+\s+(READ|WRITE|RW)\s+(-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /;
  for (const line of readOrNone("/proc/locks").split("\n")) {
    const match = pattern.exec(line);
    if (!match) continue;
    const [type, pid] = [match[1], Number(match[2])];
    const key = `${Number.parseInt(match[3] ?? "", 16)}:${Number.parseInt(match[4] ?? "", 16)}:${match[5]}`;
    if (found.get(key)?.some((sighting) => sighting.pid === pid)) continue;
    const name = () => (pid > 0 ? processName(pid) : "a process that holds a lock on it");
    if (pid <= 0 && found.has(key)) continue; // locks of open files have no process; its descriptor was seen
    add(found, key, { name, pid, writes: () => type !== "READ" });
  }
}

function lookAtLoopDevices(found: Sightings): void {
  for (const device of readdirOrNone("/sys/block")) {
    if (!/^loop\d+$/.test(device)) continue;
    const path = readOrNone(`/sys/block/${device}/loop/backing_file`).replace(/\n$/, "");
    const stats = path === "" ? undefined : statOrNone(path);
    if (!stats) continue;
    add(found, keyOf(stats), {
      name: () => `/dev/${device}`,
      writes: () => readOrNone(`/sys/block/${device}/ro`).trim() !== "1",
    });
  }
}

function add(found: Sightings, key: string, sighting: Sighting): void {
  const others = found.get(key);
  if (others) others.push(sighting);
  else found.set(key, [sighting]);
}

function writesTo(pid: number, descriptor: string): boolean {
  const flags = /^flags:\s*([0-7]+)/m.exec(readOrNone(`/proc/${pid}/fdinfo/${descriptor}`))?.[1];
  // Gone or unreadable: taken for a writer, which is the side that loses nothing
  return flags === undefined || (Number.parseInt(flags, 8) & 3) !== 0;
}

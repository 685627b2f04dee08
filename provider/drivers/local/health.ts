import { lstatSync, type Stats } from "node:fs";
import { ioTuneOf } from "../../model/qos";
import { exactBytes } from "../../model/quantity";
import type { StoredObject } from "../driver";
import { shellQuote } from "../shellQuote";
import { carrierPath, isTree } from "./carrier";
import type { Entry } from "./entry";
import { systemCode } from "./errors";
import { diskPath, objectFolder, type PoolPaths, treePath } from "./layout";
import { diskProblem } from "./safeFiles";

export interface Health {
  health: StoredObject["health"];
  problem?: string;
  /** The size of the file, 0 where there is none. */
  actualSizeBytes: number;
  /** What the file occupies. Absent where there is none. */
  allocatedBytes?: number;
}

/** The unit that stat counts occupied space in. */
const blockBytes = 512;
/** Disks are whole pages: programs that map them or read them directly need that. */
const pageBytes = 4096;
export function roundUp(sizeBytes: number): number {
  return Math.ceil(sizeBytes / pageBytes) * pageBytes;
}

/** The carrier that a record names: the file's inode, in its pool. */
export function selfOf(inode: number, identity: string): string {
  return `${inode}@${identity}`;
}

/** The state of an object's folder, looked up on its own; a list looks at all of them at once. */
export function folderKind(paths: PoolPaths, uid: string): "folder" | "missing" | "other" {
  const stats = lstatSync(objectFolder(paths, uid), { throwIfNoEntry: false });
  if (!stats) return "missing";
  return stats.isDirectory() ? "folder" : "other";
}

/** Compares an object with what is on disk. Nothing is opened. */
export function healthOf(
  paths: PoolPaths,
  identity: string,
  entry: Entry,
  folder = folderKind(paths, entry.uid),
): Health {
  if (entry.phase === "creating") return { health: "ready", actualSizeBytes: 0 };
  if (folder === "other") {
    return {
      health: "damaged",
      problem: `${objectFolder(paths, entry.uid)} is not a folder; nothing behind it was looked at`,
      actualSizeBytes: 0,
    };
  }
  const stats = folder === "missing" ? undefined : statsOf(carrierPath(paths, entry.record));
  if (typeof stats === "string") return { health: "damaged", problem: stats, actualSizeBytes: 0 };
  if (!stats) {
    if (entry.phase === "purging") return { health: "ready", actualSizeBytes: 0 };
    return {
      health: "missing",
      problem: `its ${isTree(entry.record) ? "folder" : "disk"} ${carrierPath(paths, entry.record)} is not there any more`,
      actualSizeBytes: 0,
    };
  }
  if (isTree(entry.record)) return treeHealth(entry, stats, identity);
  const actualSizeBytes = stats.isFile() ? stats.size : 0;
  return { ...carrierHealth(entry, stats, identity), actualSizeBytes, allocatedBytes: stats.blocks * blockBytes };
}

function carrierHealth(entry: Entry, stats: Stats, identity: string): Pick<Health, "health" | "problem"> {
  const problem = diskProblem(stats);
  if (problem) return { health: "damaged", problem };
  if (!isCarrier(entry, stats, identity)) {
    return {
      health: "copied",
      problem:
        "its disk is another file than the one it was made with: a copy, or restored from one. If it is to be taken for the original, run fsck with repair and accept the copy",
    };
  }
  if (stats.size < entry.record.sizeBytes) {
    return {
      health: "damaged",
      problem: `its disk has ${exactBytes(stats.size)}, less than the ${exactBytes(entry.record.sizeBytes)} it was given: someone has cut it off`,
    };
  }
  return { health: "ready" };
}

/** Of a share. How much is in it is not looked at: its size is a promise. */
function treeHealth(entry: Entry, stats: Stats, identity: string): Health {
  const actualSizeBytes = entry.record.sizeBytes;
  if (!stats.isDirectory())
    return {
      health: "damaged",
      problem: `something that is not a folder stands where its files belong; it was not followed`,
      actualSizeBytes: 0,
    };
  if (entry.record.self === selfOf(stats.ino, identity)) return { health: "ready", actualSizeBytes };
  return {
    health: "copied",
    problem:
      "its folder is another one than it was made with: a copy, or restored from one. If it is to be taken for the original, run fsck with repair and accept the copy",
    actualSizeBytes,
  };
}

/** A rollback that is being finished has put its copy in place before the record could say so. */
function isCarrier(entry: Entry, stats: Stats, identity: string): boolean {
  if (entry.record.self === selfOf(stats.ino, identity)) return true;
  return entry.operation?.type === "rollback" && entry.operation.stagedInode === stats.ino;
}

function statsOf(path: string): Stats | undefined | string {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    return `${path} cannot be looked at (${systemCode(error) ?? "unknown error"})`;
  }
}

/** An object as callers see it. */
export function storedObject(paths: PoolPaths, entry: Entry, health: Health): StoredObject {
  return {
    record: entry.record,
    phase: entry.phase,
    health: health.health,
    ...(health.problem === undefined ? {} : { problem: health.problem }),
    actualSizeBytes: health.actualSizeBytes,
    ...(health.allocatedBytes === undefined ? {} : { allocatedBytes: health.allocatedBytes }),
    ...connectionOf(paths, entry),
  };
}

function connectionOf(paths: PoolPaths, { phase, kind, uid, name, record }: Entry): Pick<StoredObject, "connection"> {
  if (phase !== "live" || kind === "snapshot") return {};
  if (kind === "volume") {
    const limits = record.settings?.qos;
    const tuned = limits ? { ioTune: ioTuneOf(limits) } : {};
    return { connection: { type: "file", path: diskPath(paths, uid), format: "raw", ...tuned } };
  }
  const path = treePath(paths, uid);
  const mountCommand = `mount -o bind -- ${shellQuote(path)} ${shellQuote(`/mnt/${name}`)}`;
  return { connection: { type: "directory", path, source: path, fileSystem: "none", options: ["bind"], mountCommand } };
}

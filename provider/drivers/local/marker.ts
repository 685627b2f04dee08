import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { z } from "zod";
import { KrStorageError } from "../../model/errors";
import { type PoolRecord, poolRecord } from "../record";
import { withCapabilities } from "./capabilities";
import { systemCode } from "./errors";
import type { PoolPaths } from "./layout";
import { diskProblem } from "./safeFiles";
import { syncPath } from "./syncRounds";

const marker = z.looseObject({
  formatVersion: z.number().int(),
  identity: z.string(),
  /** The inode of the marker itself. A copied pool has another one. */
  carrier: z.string(),
  record: z.unknown(),
});

export interface Marker {
  identity: string;
  /** Whether the pool's folder is a copy of the one it was made in. */
  isCopied: boolean;
  /** The pool's record as of the last time it was copied here; undefined if it cannot be read. */
  record: PoolRecord | undefined;
}

/** Reads a pool's marker; undefined where there is none. Throws PRECONDITION_FAILED for one that cannot be read. */
export function readMarker(paths: PoolPaths, where: string): Marker | undefined {
  const found = openMarker(paths);
  if (!found) return undefined;
  const { descriptor, stats } = found;
  try {
    const problem = diskProblem(stats);
    const parsed = problem ? undefined : parseMarker(readFileSync(descriptor, "utf8"));
    if (!parsed) throw unreadable(where, paths.marker);
    return {
      identity: parsed.identity,
      isCopied: parsed.carrier !== String(stats.ino),
      record: recordIn(parsed),
    };
  } finally {
    closeSync(descriptor);
  }
}

/** Opens the marker that stands there now. One without a name was replaced by a newer one between the open and the look at it. */
function openMarker(paths: PoolPaths): { descriptor: number; stats: Stats } | undefined {
  for (;;) {
    let descriptor: number;
    try {
      descriptor = openSync(paths.marker, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw error;
    }
    const stats = fstatSync(descriptor);
    if (stats.nlink > 0) return { descriptor, stats };
    closeSync(descriptor);
  }
}

function parseMarker(text: string): z.infer<typeof marker> | undefined {
  try {
    return marker.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function recordIn(parsed: z.infer<typeof marker>): PoolRecord | undefined {
  const record = poolRecord.safeParse(parsed.record).data;
  return record && withCapabilities(record);
}

function unreadable(where: string, path: string): KrStorageError {
  return new KrStorageError(
    "PRECONDITION_FAILED",
    `the marker of pool ${where} cannot be read (${path}); run \`krstorage fsck --repair\` on this pool`,
    { target: where },
  );
}

/** Writes the marker durably: there is always the old one or the new one. */
export async function writeMarker(paths: PoolPaths, record: PoolRecord): Promise<void> {
  const temporary = `${paths.staging}/marker-${randomBytes(8).toString("hex")}.json`;
  const descriptor = openSync(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    const carrier = String(fstatSync(descriptor).ino);
    writeFileSync(
      descriptor,
      `${JSON.stringify({ formatVersion: 1, identity: record.identity, carrier, record }, undefined, 1)}\n`,
    );
    fsyncSync(descriptor);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, paths.marker);
  await syncPath(paths.internal);
}

/**
 * What tells, without reading anything, that a pool's folder is the one that was verified: a disk may be unmounted and a folder
 * exchanged while this process lives. Undefined where no marker is.
 */
export function folderStamp(paths: PoolPaths): string | undefined {
  const parts: string[] = [];
  for (const path of [paths.root, paths.internal, paths.data, paths.marker]) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats) {
      if (path === paths.data) continue; // its absence is damage, not the absence of the pool
      return undefined;
    }
    parts.push(`${stats.dev}:${stats.ino}:${stats.mode}:${stats.uid}`);
    if (path === paths.marker) parts.push(`${stats.mtimeMs}:${stats.size}`);
  }
  const database = lstatSync(paths.database, { throwIfNoEntry: false });
  parts.push(database ? `${database.ino}` : "none");
  return parts.join(" ");
}

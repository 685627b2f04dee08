import { chmodSync, fstatSync, ftruncateSync, lstatSync, mkdirSync, type Stats } from "node:fs";
import { join } from "node:path";
import { KrStorageError } from "../../model/errors";
import type { Image } from "../../model/image";
import type { Call } from "../driver";
import type { ObjectRecord } from "../record";
import { copyDisk } from "./copyDisk";
import { writeDurably } from "./durableFile";
import type { Entry } from "./entry";
import { throwIfCancelled } from "./errors";
import { diskAccess, setAccess } from "./fileMode";
import { roundUp, selfOf } from "./health";
import { holdersOf } from "./holders";
import { copyImage } from "./image";
import { copyName, diskName, diskPath, type PoolPaths, stagedFolder } from "./layout";
import type { OpenPool } from "./openPool";
import { copyText } from "./recordCopy";
import { closeFile, makeFile, openDisk } from "./safeFiles";
import { syncDescriptor } from "./syncRounds";
import { readPoolRow } from "./transaction";

/** Makes an object's folder in staging: the disk and the copy of its record, both durable. Returns the record, complete now. */
export async function stageObject(pool: OpenPool, call: Call, entry: Entry, from: DiskOrigin): Promise<ObjectRecord> {
  const folder = stagedFolder(pool.paths, entry.uid);
  mkdirSync(folder, 0o711);
  // The umask may have taken from the mode; whoever has the path must get through
  if ((lstatSync(folder).mode & 0o777) !== 0o711) chmodSync(folder, 0o711);
  const staged = await stageDisk(pool, call, folder, {
    ...from,
    sizeBytes: entry.record.sizeBytes,
    isReadOnly: entry.kind === "snapshot",
    what: `${pool.where}/${entry.name}`,
    async whenWritten(inode, wasInUse) {
      const consistency = entry.kind === "snapshot" && wasInUse ? { consistency: "crash" as const } : {};
      const record = { ...entry.record, ...consistency, self: selfOf(inode, pool.identity) };
      await writeDurably(pool, join(folder, copyName), copyText("live", record));
      return record;
    },
  });
  return staged;
}

/** What a new disk starts with: another disk of the pool, a file that is not ours, or zeros. */
export interface DiskOrigin {
  source?: Entry | undefined;
  image?: Image | undefined;
}

interface DiskRequest<T> extends DiskOrigin {
  /** What the disk holds at least. */
  sizeBytes: number;
  isReadOnly: boolean;
  what: string;
  /** Called when the disk has its bytes; runs while they are made durable. */
  whenWritten(inode: number, wasInUse: boolean): Promise<T>;
}

/** Makes `disk.raw` in a staging folder, sparse or as a copy. It is durable, and so is the folder, when this resolves. */
export async function stageDisk<T>(pool: OpenPool, call: Call, folder: string, request: DiskRequest<T>): Promise<T> {
  const path = join(folder, diskName);
  const descriptor = makeFile(path);
  try {
    const wasInUse = request.source ? await copySource(pool, call, request.source, path, request.what) : false;
    if (request.image) await copyImage(request.image, path, { ...request, call });
    const stats = fstatSync(descriptor);
    requireSame(path, stats);
    const sizeBytes = roundUp(request.sizeBytes);
    if (stats.size < sizeBytes) ftruncateSync(descriptor, sizeBytes);
    setAccess(descriptor, stats, diskAccess(pool.site.options), request.isReadOnly);
    if (request.source ?? request.image) await syncDescriptor(descriptor); // may take long; the rounds are for what does not
    const written = request.whenWritten(stats.ino, wasInUse);
    // Each makes durable what it is about; the rename that publishes waits for all three
    const [result] = await Promise.all([written, pool.sync.file(descriptor), pool.sync.folder(folder)]);
    return result;
  } finally {
    closeFile(descriptor);
  }
}

/** Copies a disk and makes sure that the copy is whole and of one moment. Returns whether something was writing to it. */
async function copySource(pool: OpenPool, call: Call, source: Entry, target: string, what: string): Promise<boolean> {
  const path = diskPath(pool.paths, source.uid);
  const { copyOnWrite, onlineSnapshot } = await capabilitiesOf(pool);
  const { descriptor, stats: before } = openDisk(path, "read");
  try {
    throwIfCancelled(call.signal, "copying to", what);
    const { signal, progress } = call;
    await copyDisk({ source: descriptor, sourcePath: path, target, mustShare: copyOnWrite, signal, progress });
    const after = fstatSync(descriptor);
    const isInUse = (await holdersOf(pool.paths, source.uid)).some((holder) => holder.writes);
    if (onlineSnapshot === "none" && (isInUse || after.mtimeMs !== before.mtimeMs)) {
      throw new KrStorageError(
        "IN_USE",
        `${what} was not made: something began to write to ${pool.where}/${source.name} while it was copied, so the copy would be torn; stop the machine that uses it`,
        { target: what },
      );
    }
    const copied = lstatSync(target);
    if (copied.size < before.size) {
      throw new KrStorageError(
        "INTERNAL",
        `${what}: the copy of ${path} has ${copied.size} bytes instead of ${before.size}; it was discarded`,
        { target: what },
      );
    }
    return isInUse;
  } finally {
    closeFile(descriptor);
  }
}

async function capabilitiesOf(pool: OpenPool): Promise<{ copyOnWrite: boolean; onlineSnapshot: "none" | "crash" }> {
  return pool.database.read(() => readPoolRow(pool.database, pool.where).record.capabilities);
}

/** A cp that put another file in the place of the one we hold open would leave us syncing the wrong one. */
function requireSame(path: string, stats: Stats): void {
  if (lstatSync(path).ino !== stats.ino)
    throw new KrStorageError("INTERNAL", `${path} was exchanged while it was written`, { target: path });
}

/** The published disk of an object, if there is a regular file. */
export function diskFileOf(paths: PoolPaths, uid: string): Stats | undefined {
  const stats = lstatSync(diskPath(paths, uid), { throwIfNoEntry: false });
  return stats?.isFile() ? stats : undefined;
}

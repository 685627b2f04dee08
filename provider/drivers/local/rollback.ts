import { lstatSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { KrStorageError } from "../../model/errors";
import type { Call, Match, StoredObject } from "../driver";
import type { Entry } from "./entry";
import { throwIfCancelled, toKrStorageError } from "./errors";
import { folderKind, healthOf, selfOf, storedObject } from "./health";
import { requireUnused } from "./holders";
import { whenIdle } from "./idle";
import { diskName, diskPath, objectFolder, stagedFolder } from "./layout";
import { requireHealthy, requireLive } from "./matching";
import type { OpenPool } from "./openPool";
import { refreshCopy } from "./recordCopy";
import { requireRoom } from "./room";
import { diskFileOf, stageDisk } from "./stage";
import { syncPath } from "./syncRounds";
import type { Transaction } from "./transaction";
import { Turn } from "./turns";
import { requireNothingReads, requireNotRegistered } from "./uses";

/**
 * Puts the bytes of a snapshot back into its volume: a copy is staged, its inode is written on the row, and only then it replaces
 * the disk. Until the inode is on the row everything is undone, afterwards everything is finished.
 */
export async function rollbackObject(
  pool: OpenPool,
  match: Match,
  snapshotUid: string,
  call: Call,
): Promise<StoredObject> {
  const turn = new Turn(pool, match.uid);
  try {
    await requireUnused(pool.paths, match.uid, await nameOf(pool, match.uid), "rolled back");
    const { entry, snapshot } = await whenIdle(pool, call, match.uid, "rolled back", (transaction) =>
      begin(pool, turn, transaction, match, snapshotUid),
    );
    return await replace(pool, call, entry, snapshot);
  } finally {
    await turn.release();
  }
}

function begin(
  pool: OpenPool,
  turn: Turn,
  transaction: Transaction,
  match: Match,
  snapshotUid: string,
): { entry: Entry; snapshot: Entry } {
  const entry = requireLive(pool, transaction, match);
  requireDisk(entry, `${pool.where}/${entry.name}`);
  const what = `${pool.where}/${entry.name}`;
  const snapshot = transaction.find(snapshotUid);
  if (snapshot?.phase !== "live") {
    throw new KrStorageError(
      "NOT_FOUND",
      `${what} cannot be rolled back: there is no live snapshot with uid ${snapshotUid} in pool ${pool.where}`,
      { target: what },
    );
  }
  if (entry.kind !== "volume" || snapshot.kind !== "snapshot" || snapshot.record.sourceUid !== entry.uid) {
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `${what} cannot be rolled back to ${pool.where}/${snapshot.name}: that is not a snapshot of it; make a clone instead`,
      {
        target: what,
      },
    );
  }
  requireNotRegistered(entry, what, "rolled back");
  requireNothingReads(transaction, entry, what, "rolled back");
  requireHealthy(pool, snapshot);
  // A missing or damaged disk is what a rollback may be for, but nothing that is not ours is replaced
  const { health } = healthOf(pool.paths, pool.identity, entry);
  if (
    health === "copied" ||
    folderKind(pool.paths, entry.uid) !== "folder" ||
    (health === "damaged" && !diskFileOf(pool.paths, entry.uid))
  )
    requireHealthy(pool, entry);
  requireRoom(transaction, pool.usage, 0, what, pool.where);
  const rolling: Entry = { ...entry, session: turn.claim(), operation: { type: "rollback", fromUid: snapshotUid } };
  transaction.save(rolling);
  return { entry: rolling, snapshot };
}

/** The files of a share cannot be exchanged at one instant under those who use them. */
function requireDisk(entry: Entry, what: string): void {
  if (entry.kind !== "share") return;
  throw new KrStorageError(
    "UNSUPPORTED",
    `${what} is a share, and a share in a local pool is not rolled back; make a new share from the snapshot`,
    { target: what },
  );
}

async function replace(pool: OpenPool, call: Call, entry: Entry, snapshot: Entry): Promise<StoredObject> {
  const what = `${pool.where}/${entry.name}`;
  let staged: Entry;
  try {
    staged = await stage(pool, call, entry, snapshot);
  } catch (error) {
    await undo(pool, call, entry);
    throw toKrStorageError(error, "rolling back", what);
  }
  try {
    return await finishRollback(pool, call, staged);
  } catch (error) {
    throw toKrStorageError(error, "rolling back", what, { outcome: "partial" });
  }
}

async function stage(pool: OpenPool, call: Call, entry: Entry, snapshot: Entry): Promise<Entry> {
  const what = `${pool.where}/${entry.name}`;
  const folder = stagedFolder(pool.paths, entry.uid);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, 0o700);
  const current = diskFileOf(pool.paths, entry.uid)?.size ?? 0;
  const inode = await stageDisk(pool, call, folder, {
    source: snapshot,
    sizeBytes: Math.max(entry.record.sizeBytes, current), // the size never shrinks
    isReadOnly: false,
    what,
    whenWritten: (found) => Promise.resolve(found),
  });
  await pool.sync.folder(pool.paths.staging);
  await requireUnused(pool.paths, entry.uid, what, "rolled back");
  throwIfCancelled(call.signal, "rolling back", what);
  return pool.change(call, (transaction) => {
    const now = transaction.find(entry.uid) ?? entry;
    requireNotRegistered(now, what, "rolled back");
    const next: Entry = { ...now, operation: { type: "rollback", fromUid: snapshot.uid, stagedInode: inode } };
    transaction.save(next);
    return next;
  });
}

async function undo(pool: OpenPool, call: Call, entry: Entry): Promise<void> {
  try {
    rmSync(stagedFolder(pool.paths, entry.uid), { recursive: true, force: true });
    await pool.database.write(() => {
      const transaction = pool.transaction(call);
      const current = transaction.find(entry.uid);
      if (current) transaction.save({ ...current, session: null, operation: undefined });
    });
  } catch (error) {
    pool.site.env.log.warn(
      `${pool.where}/${entry.name}: the rollback that was begun is cleaned up later: ${String(error)}`,
    );
  }
}

/** Finishes a rollback whose copy is complete, undoes any other. */
export async function finishRollback(pool: OpenPool, call: Call, entry: Entry): Promise<StoredObject> {
  if (entry.operation?.type !== "rollback")
    throw new KrStorageError("INTERNAL", `${pool.where}/${entry.name} is not being rolled back`, {
      target: pool.where,
    });
  const { stagedInode, fromUid } = entry.operation;
  if (stagedInode === undefined) {
    await undo(pool, call, entry);
    return storedObject(pool.paths, { ...entry, operation: undefined }, healthOf(pool.paths, pool.identity, entry));
  }
  const folder = stagedFolder(pool.paths, entry.uid);
  const staged = lstatSync(join(folder, diskName), { throwIfNoEntry: false });
  if (staged?.ino === stagedInode) renameSync(join(folder, diskName), diskPath(pool.paths, entry.uid));
  if (diskFileOf(pool.paths, entry.uid)?.ino !== stagedInode) {
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `${pool.where}/${entry.name}: the copy that should replace its disk is not there any more; run fsck with repair`,
      {
        target: `${pool.where}/${entry.name}`,
      },
    );
  }
  await syncPath(objectFolder(pool.paths, entry.uid));
  rmSync(folder, { recursive: true, force: true });
  const rolled = await pool.database.write(() => {
    const transaction = pool.transaction(call);
    const current = transaction.find(entry.uid) ?? entry;
    const { record } = current;
    const next: Entry = {
      ...current,
      session: null,
      operation: undefined,
      record: { ...record, self: selfOf(stagedInode, pool.identity), revision: record.revision + 1 },
    };
    transaction.save(next);
    transaction.audit(`rollback to ${fromUid}`, next, record, next.record);
    return next;
  });
  await refreshCopy(pool, rolled.uid);
  return storedObject(pool.paths, rolled, healthOf(pool.paths, pool.identity, rolled));
}

async function nameOf(pool: OpenPool, uid: string): Promise<string> {
  const row = await pool.database.read(
    () => pool.database.sql("SELECT name FROM objects WHERE uid = ?").get(uid) as { name: string } | undefined,
  );
  return `${pool.where}/${row?.name ?? uid}`;
}

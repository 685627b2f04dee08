import { KrStorageError } from "../../model/errors";
import type { Call, Match, StoredObject } from "../driver";
import { newUid } from "../record";
import { findEntry, objectKey, type ReadEntry, requireReadable, saveEntry } from "./entry";
import { nameOf, requireHealthy, requireLive, requireSource } from "./matching";
import type { OpenPool } from "./openPool";
import { lookAt, rollbackTodo } from "./stored";
import type { Transaction } from "./table";
import { undoAbandoned } from "./undo";
import { requireNotOpen, requireNotRegistered } from "./uses";

/**
 * Puts the bytes of a snapshot back. The record says so from before the first block until after the last: half of it is of no use to
 * anyone, and the snapshot stays as long. One that was interrupted is finished by the same call, also to another snapshot.
 */
export async function rollbackObject(
  pool: OpenPool,
  match: Match,
  snapshotUid: string,
  call: Call,
): Promise<StoredObject> {
  await undoAbandoned(pool, ({ sourceUid }) => sourceUid === match.uid, call);
  const { volume, snapshot, what } = await pool.table.read((transaction) => {
    const volume = requireVolume(pool, transaction, match);
    const what = nameOf(pool, volume);
    const snapshot = requireSource(pool, transaction, snapshotUid);
    if (snapshot.kind !== "snapshot" || snapshot.sourceUid !== volume.uid)
      throw new KrStorageError("INVALID_ARGUMENT", `${snapshot.name} is not a snapshot of ${what}`, { target: what });
    return { volume, snapshot, what };
  });
  const { rollingBackTo: interrupted, ...whole } = volume;
  await requireHealthy(pool, whole);
  await requireHealthy(pool, snapshot);
  await requireNotOpen(pool, volume.image.id, { what, verb: "rolled back", call });
  // Whoever finds it interrupted goes on in its own name: a maker that was given up, and lives, writes nothing any more
  const by = newUid();
  const sizeBytes = await pool.table.change((transaction) => {
    const found = requireVolume(pool, transaction, match);
    if (found.rollingBackTo !== interrupted) throw rolledBackElsewhere(what);
    // It may have gone since it was looked at
    requireSource(pool, transaction, snapshotUid);
    saveEntry(transaction, { ...found, rollingBackTo: snapshotUid, rollingBackBy: by });
    // It may have grown since then, too
    return Math.max(found.record.sizeBytes, found.growingTo ?? 0);
  });
  await putBack(pool, { volume, snapshot, sizeBytes, what, by });
  const back = await pool.table.change((transaction): ReadEntry => {
    const found = ownAttempt(pool, transaction, volume, by);
    if (!found) throw rolledBackElsewhere(what);
    const { rollingBackTo: _, ...rest } = found;
    const next = { ...rest, record: { ...rest.record, revision: rest.record.revision + 1 } };
    saveEntry(transaction, next);
    return next;
  });
  return lookAt(pool, back);
}

/** The volume without the name of the attempt, where that is the one that may go on; whoever holds the volume by now. */
function ownAttempt(
  pool: OpenPool,
  transaction: Transaction,
  { uid }: ReadEntry,
  by: string,
): Omit<ReadEntry, "rollingBackBy"> | undefined {
  const found = findEntry(transaction, uid);
  if (found?.phase !== "live" || found.rollingBackBy !== by) return undefined;
  const { rollingBackBy: _, ...rest } = requireReadable(found, nameOf(pool, found));
  return rest;
}

function requireVolume(pool: OpenPool, transaction: Transaction, match: Match): ReadEntry {
  pool.writable(transaction);
  const volume = requireLive(pool, transaction, match);
  const what = nameOf(pool, volume);
  if (volume.subvolume)
    throw new KrStorageError(
      "UNSUPPORTED",
      `${what} is a share, whose files cannot be exchanged at one instant; make a new share from the snapshot`,
      { target: what },
    );
  requireNotRegistered(transaction, volume, what, "rolled back");
  return volume;
}

interface Rollback {
  /** As it was before it was marked. */
  volume: ReadEntry;
  snapshot: ReadEntry;
  sizeBytes: number;
  what: string;
  by: string;
}

async function putBack(pool: OpenPool, { volume, snapshot, sizeBytes, what, by }: Rollback): Promise<void> {
  const { uid, image, rollingBackTo: interrupted } = volume;
  const condition = { key: objectKey(uid), by };
  const isResumed = interrupted !== undefined;
  const how = { snapshot: snapshot.snapshot?.name ?? "", size: sizeBytes, isResumed, condition };
  const outcome = await pool.site.cluster.rollbackImage(pool.id, image.id ?? "", how).catch((error: unknown) => {
    if (!KrStorageError.isInstance(error)) throw error;
    const { code, message, retryable } = error;
    const why = `${message}; ${what} is of no use until that is finished: ${rollbackTodo}`;
    throw new KrStorageError(code, why, { target: what, retryable, cause: error, outcome: "partial" });
  });
  if (outcome === "done") return;
  if (outcome === "settled") throw rolledBackElsewhere(what);
  // Somebody has come since it was looked at, and nothing was written
  await pool.table.change((transaction) => {
    const {
      rollingBackTo: _,
      rollingBackBy,
      ...found
    } = requireLive(pool, transaction, { uid, claim: volume.record.claim });
    if (rollingBackBy !== by) return;
    saveEntry(transaction, { ...found, ...(interrupted === undefined ? {} : { rollingBackTo: interrupted }) });
  });
  throw new KrStorageError("IN_USE", `${what} cannot be rolled back: somebody has just opened it`, {
    target: what,
    retryable: true,
  });
}

function rolledBackElsewhere(what: string): KrStorageError {
  return new KrStorageError("CONFLICT", `${what} is being rolled back by another program; nothing was changed`, {
    target: what,
    retryable: true,
  });
}

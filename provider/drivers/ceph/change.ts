import { KrStorageError } from "../../model/errors";
import { formatBytes } from "../../model/quantity";
import { roomIn } from "../capacity";
import { applyRecordChange } from "../changes";
import type { Match, RecordChange, StoredObject } from "../driver";
import { checkedRecord, sizeProblem } from "../requests";
import { requireRoom } from "./capacity";
import { type ReadEntry, saveEntry } from "./entry";
import { afterCommit } from "./errors";
import { tryLeftovers } from "./leftovers";
import { enforceLimits } from "./limits";
import { nameOf, requireHealthy, requireLive } from "./matching";
import type { OpenPool } from "./openPool";
import { subvolumeOf } from "./shareStored";
import { lookAt } from "./stored";

/** Changes a record, by compare-and-swap on claim and revision. New limits are in force when it returns. */
export async function updateObject(pool: OpenPool, match: Match, change: RecordChange): Promise<StoredObject> {
  const updated = await pool.table.change((transaction): ReadEntry => {
    pool.writable(transaction);
    const found = requireLive(pool, transaction, match);
    const record = checkedRecord(
      { ...applyRecordChange(found.record, change), revision: found.record.revision + 1 },
      nameOf(pool, found),
    );
    const next = { ...found, record };
    saveEntry(transaction, next);
    return next;
  });
  await afterCommit(enforceLimits(pool, updated));
  return lookAt(pool, updated);
}

/** Promises the size, grows the image, and only then says so. Only ever upwards, whoever else is growing it. */
export async function growObject(pool: OpenPool, match: Match, sizeBytes: number): Promise<StoredObject> {
  const problem = sizeProblem(sizeBytes);
  if (problem) throw new KrStorageError("INVALID_ARGUMENT", problem, { target: pool.where });
  const usage = await pool.usage();
  const before = await pool.table.read((transaction) => requireLive(pool, transaction, match));
  await requireHealthy(pool, before);
  const growing = await pool.table.change((transaction): ReadEntry => {
    const header = pool.writable(transaction);
    const found = requireLive(pool, transaction, match);
    const what = nameOf(pool, found);
    if (found.kind === "snapshot")
      throw new KrStorageError("UNSUPPORTED", `${what} is a snapshot: it keeps its size`, { target: what });
    if (found.rollingBackTo !== undefined)
      throw new KrStorageError("CONFLICT", `${what} is being rolled back; nothing was changed`, {
        target: what,
        retryable: true,
      });
    if (sizeBytes < found.record.sizeBytes)
      throw new KrStorageError(
        "PRECONDITION_FAILED",
        `${what} cannot shrink from ${found.record.sizeBytes} to ${sizeBytes} bytes; nothing was changed`,
        { target: what },
      );
    const promised = Math.max(found.record.sizeBytes, found.growingTo ?? 0);
    requireRoom(transaction, header, usage, sizeBytes - promised, what);
    const next = { ...found, growingTo: Math.max(sizeBytes, promised) };
    saveEntry(transaction, next);
    return next;
  });
  const share = subvolumeOf(growing);
  // To what is promised by now: a smaller quota that comes late would shrink it
  if (share) await pool.site.filesystems.resize(share, growing.growingTo ?? sizeBytes);
  else if (growing.image.id !== undefined) await pool.site.cluster.growImage(pool.id, growing.image.id, sizeBytes);
  const { uid, claim } = match;
  const grown = await pool.table.change((transaction): ReadEntry => {
    const { growingTo = 0, ...found } = requireLive(pool, transaction, { uid, claim });
    const size = Math.max(sizeBytes, found.record.sizeBytes);
    const record = { ...found.record, sizeBytes: size, revision: found.record.revision + 1 };
    const next: ReadEntry = { ...found, ...(growingTo > size ? { growingTo } : {}), record };
    saveEntry(transaction, next);
    return next;
  });
  // Somebody else has changed it meanwhile, and of two quotas the smaller may have come last
  if (share && grown.record.revision > growing.record.revision + 1)
    await afterCommit(pool.site.filesystems.resize(share, grown.record.sizeBytes));
  return lookAt(pool, grown);
}

/**
 * Copies what a clone still shares with what it was made from, so that those blocks go when their own volume does. It may stay open
 * meanwhile. One that was interrupted is no less whole, and goes on with the next.
 */
export async function flattenObject(pool: OpenPool, match: Match): Promise<StoredObject> {
  const { cluster } = pool.site;
  const found = await pool.table.read((transaction) => {
    pool.writable(transaction);
    return requireLive(pool, transaction, match);
  });
  if (found.kind === "volume" && found.image.id !== undefined) {
    await requireHealthy(pool, found);
    const neededBytes = await cluster.parentBytes(pool.id, found.image.id);
    if (neededBytes > 0) {
      await requireFree(pool, neededBytes, nameOf(pool, found));
      await cluster.flattenImage(pool.id, found.image.id);
    }
    // Also where there is nothing more to copy: whoever was interrupted just before this comes again
    await tryLeftovers(pool);
  }
  return lookAt(pool, found);
}

/** Throws QUOTA_EXCEEDED where so many bytes that were promised long ago are not there. */
async function requireFree(pool: OpenPool, neededBytes: number, what: string): Promise<void> {
  const { record, capacity } = await pool.read();
  const freeBytes = Math.max(0, capacity.freeBytes - roomIn(record.settings, capacity).reserveBytes);
  if (neededBytes <= freeBytes) return;
  throw new KrStorageError(
    "QUOTA_EXCEEDED",
    `${what} cannot be flattened: up to ${formatBytes(neededBytes)} are to be copied, and ${formatBytes(freeBytes)} are free beside the pool's reserve; purge trash or add room`,
    { target: what },
  );
}

import { hasCode, KrStorageError } from "../../model/errors";
import type { Call } from "../driver";
import { type Entry, findEntry, goneKey, nameKey, objectKey, saveEntry, temporarySnapshot } from "./entry";
import { nameOf } from "./matching";
import type { OpenPool } from "./openPool";
import { undoShare } from "./shareEnd";
import { requireNotOpen } from "./uses";

/** Whether an object is half-made and its maker is gone, or half-undone. */
export function isAbandoned({ phase, leaseUntil }: Entry, now: number): boolean {
  return (phase === "creating" || phase === "purging") && leaseUntil !== undefined && leaseUntil < now;
}

/**
 * Removes what an unfinished create has made. Fenced first: once the entry is no longer `creating` nobody can publish it. What
 * was published meanwhile stays. With `call`, a maker that was killed with the image open is waited for until the cluster has
 * forgotten it.
 */
export async function undoCreation(pool: OpenPool, uid: string, call?: Call): Promise<boolean> {
  const entry = await pool.table.change((transaction) => {
    const found = findEntry(transaction, uid);
    if (found?.phase !== "creating" && !(found?.phase === "purging" && found.leaseUntil !== undefined))
      return undefined;
    const fenced = { ...found, phase: "purging" as const };
    if (found.phase === "creating") saveEntry(transaction, fenced);
    return fenced;
  });
  if (!entry) return false;
  const { cluster } = pool.site;
  const source = await pool.table.read((transaction) =>
    entry.sourceUid === undefined ? undefined : findEntry(transaction, entry.sourceUid),
  );
  if (entry.subvolume) await undoShare(pool, entry, source);
  else if (entry.snapshot) {
    if (entry.image.id !== undefined) await cluster.removeSnapshot(pool.id, entry.image.id, entry.snapshot.name);
  } else {
    await removeUnpublished(pool, entry, call);
    if (source?.image.id !== undefined && source.kind !== "snapshot")
      await cluster.removeSnapshot(pool.id, source.image.id, temporarySnapshot(uid));
  }
  await pool.table.change((transaction) => {
    const found = findEntry(transaction, uid);
    if (found?.phase !== "purging") return;
    transaction.delete(objectKey(uid));
    transaction.set(goneKey(uid), 1);
    if (transaction.get(nameKey(found.name)) === uid) transaction.delete(nameKey(found.name));
  });
  return true;
}

async function removeUnpublished(pool: OpenPool, entry: Entry, call: Call | undefined): Promise<void> {
  const { cluster } = pool.site;
  const { name } = entry.image;
  try {
    await cluster.removeImage(pool.id, name);
  } catch (error) {
    if (!hasCode(error, "IN_USE") || !call) throw error;
    const id = (await cluster.imageId(pool.id, name)) ?? undefined;
    await requireNotOpen(pool, id, { what: nameOf(pool, entry), verb: "undone", call });
    await cluster.removeImage(pool.id, name);
  }
}

/** After a create has failed: undoes it, and says how that went. The error to throw. */
export async function abandon(pool: OpenPool, uid: string, error: unknown): Promise<unknown> {
  const isUndone = await undoCreation(pool, uid).catch(() => false);
  if (!KrStorageError.isInstance(error)) return error;
  const { code, message, retryable, target, issues, cause } = error;
  return new KrStorageError(code, message, {
    retryable,
    issues,
    cause,
    ...(target === undefined ? {} : { target }),
    outcome: isUndone ? "not-applied" : "unknown",
  });
}

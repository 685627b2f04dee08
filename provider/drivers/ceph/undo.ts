import { hasCode, KrStorageError } from "../../model/errors";
import type { Call } from "../driver";
import {
  allEntries,
  type Entry,
  findEntry,
  goneKey,
  leftoverKey,
  nameKey,
  objectKey,
  saveEntry,
  temporarySnapshot,
  undone,
} from "./entry";
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
  await removeMade(pool, entry, call);
  await pool.table.change((transaction) => {
    const found = findEntry(transaction, uid);
    if (found?.phase !== "purging") return;
    transaction.delete(objectKey(uid));
    transaction.set(goneKey(uid), undone);
    if (transaction.get(nameKey(found.name)) === uid) transaction.delete(nameKey(found.name));
  });
  return true;
}

/** Undoes what stands in the way and whose maker is gone. What may still be made stays. */
export async function undoAbandoned(pool: OpenPool, isInTheWay: (entry: Entry) => boolean, call?: Call): Promise<void> {
  const unfinished = await pool.table.read((transaction) =>
    allEntries(transaction).filter((each) => each.leaseUntil !== undefined && isInTheWay(each)),
  );
  if (unfinished.length === 0) return;
  const now = await pool.now();
  for (const each of unfinished) if (isAbandoned(each, now)) await undoCreation(pool, each.uid, call);
}

async function removeMade(pool: OpenPool, entry: Entry, call?: Call): Promise<void> {
  const { cluster } = pool.site;
  const { uid, sourceUid, image, snapshot, subvolume } = entry;
  const source = await pool.table.read((transaction) =>
    sourceUid === undefined ? undefined : findEntry(transaction, sourceUid),
  );
  if (subvolume) await undoShare(pool, entry, source);
  else if (snapshot) {
    if (image.id !== undefined) await cluster.removeSnapshot(pool.id, image.id, snapshot.name);
  } else {
    await removeUnpublished(pool, entry, call);
    if (source?.image.id !== undefined && source.kind !== "snapshot")
      await cluster.removeSnapshot(pool.id, source.image.id, temporarySnapshot(uid));
  }
}

/** Ends an image that was never published, by its name, which has its uid. */
export async function removeUnpublished(
  pool: OpenPool,
  { name, image }: Pick<Entry, "name" | "image">,
  call: Call | undefined,
): Promise<void> {
  const { cluster } = pool.site;
  const what = nameOf(pool, { name });
  try {
    await cluster.removeImage(pool.id, image.name);
  } catch (error) {
    if (!hasCode(error, "IN_USE")) throw error;
    if (!call)
      throw new KrStorageError(
        "IN_USE",
        `${what} was never finished, and whoever made it still has it open; if that has died, the cluster forgets it in about half a minute: try again then`,
        { target: what, cause: error },
      );
    const id = (await cluster.imageId(pool.id, image.name)) ?? undefined;
    await requireNotOpen(pool, id, { what, verb: "undone", call });
    await removeOrLeave(pool, id, image.name);
  }
}

/** One that a client is listed for which the cluster may never forget goes with what purged volumes leave, and is in nobody's way. */
async function removeOrLeave(pool: OpenPool, id: string | undefined, name: string): Promise<void> {
  const { cluster } = pool.site;
  try {
    await cluster.removeImage(pool.id, name);
  } catch (error) {
    if (!hasCode(error, "IN_USE") || id === undefined) throw error;
    await pool.table.change((transaction) => transaction.set(leftoverKey(id), name));
    await cluster.moveToTrash(pool.id, name, 0);
  }
}

/** After a create has failed: undoes it, and says how that went. The error to throw. */
export async function abandon(pool: OpenPool, entry: Entry, error: unknown): Promise<unknown> {
  const isUndone = await undoOwn(pool, entry).catch(() => false);
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

/** Somebody who gave us up has undone what there was of it then; what we have made since is ours to undo. */
async function undoOwn(pool: OpenPool, entry: Entry): Promise<boolean> {
  if (await undoCreation(pool, entry.uid)) return true;
  const isUndone = await pool.table.read((transaction) => transaction.get(goneKey(entry.uid)) === undone);
  if (isUndone) await removeMade(pool, entry);
  return isUndone;
}

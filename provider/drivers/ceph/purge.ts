import { KrStorageError } from "../../model/errors";
import type { Call, Purge } from "../driver";
import {
  allEntries,
  type Entry,
  findEntry,
  goneKey,
  leftoverKey,
  nameKey,
  objectKey,
  ownSnapshot,
  requireWritable,
  saveEntry,
} from "./entry";
import { tryLeftovers } from "./leftovers";
import { nameOf } from "./matching";
import type { OpenPool } from "./openPool";
import { refuseForeignSnapshots, removeShare } from "./shareEnd";
import { requireNotMounted } from "./shareUses";
import { isTakenOut, seeAll } from "./stored";
import { undoAbandoned, undoCreation } from "./undo";
import { requireNotOpen, requireNotRegistered } from "./uses";

/**
 * Ends what is in the trash. The blocks of a volume whose snapshots are kept stay with those, and go with the last of them;
 * likewise blocks that clones need.
 */
export async function purgeObject(pool: OpenPool, { uid, allowDataLoss }: Purge, call: Call): Promise<boolean> {
  await undoAbandoned(pool, ({ sourceUid }) => sourceUid === uid, call);
  const now = await pool.now();
  const { found, volume } = await pool.table.read((transaction) => {
    pool.writable(transaction);
    const found = findEntry(transaction, uid);
    return { found, volume: found?.sourceUid === undefined ? undefined : findEntry(transaction, found.sourceUid) };
  });
  if (!found) return false;
  const what = nameOf(pool, found);
  if (found.kind === "volume" && found.phase === "trashed") {
    await requireNotOpen(pool, found.image.id, { what, verb: "purged", call });
    await refuseStrangers(pool, found, what);
    await refuseTakenOut(pool, found, what);
  }
  // A live volume is open by whoever writes it, and readers of its snapshots are not to be told from those. Of one that is not live
  // a snapshot is all that can be open
  if (found.kind === "snapshot" && found.phase === "trashed" && volume?.phase !== "live")
    await requireNotOpen(pool, found.image.id, { what, verb: "purged", call });
  if (found.kind === "share" && found.phase === "trashed") {
    await requireNotMounted(pool, found, what, "purged");
    await refuseForeignSnapshots(pool, found, what);
  }
  const purging = await pool.table.change((transaction): Entry | undefined => {
    pool.writable(transaction);
    const current = findEntry(transaction, uid);
    if (!current) return undefined;
    requireEnded(current, what, { now, isAllowed: allowDataLoss === uid });
    if (current.record) requireNotRegistered(transaction, { ...current, record: current.record }, what, "purged");
    const next: Entry = { ...current, phase: current.phase === "creating" ? "creating" : "purging" };
    if (next.phase === "purging") saveEntry(transaction, next);
    return next;
  });
  if (!purging) return false;
  if (purging.phase === "creating" || purging.leaseUntil !== undefined) return undoCreation(pool, uid, call);
  await removeBytes(pool, purging);
  return true;
}

/** Throws PRECONDITION_FAILED for what is live, or is to be kept for longer. */
function requireEnded(found: Entry, what: string, { now, isAllowed }: { now: number; isAllowed: boolean }): void {
  const refuse = (why: string): never => {
    throw new KrStorageError("PRECONDITION_FAILED", `${what} (uid ${found.uid}) cannot be purged: ${why}`, {
      target: what,
    });
  };
  if (found.record) requireWritable(found.record, what);
  if (found.phase === "live") refuse("it is live; delete it first");
  if (found.phase === "creating" && (found.leaseUntil ?? 0) >= now) refuse("it is just being made");
  if (found.phase !== "trashed") return;
  if (!found.record) refuse("its record cannot be read");
  const expiresAt = found.record?.expiresAt;
  if (!isAllowed && !(Date.parse(expiresAt ?? "") <= now))
    refuse(`it is kept until ${expiresAt}; to end it before, name it: allowDataLoss "${found.uid}"`);
}

/** Snapshots that somebody else took of our image are theirs: they are not taken along. */
async function refuseStrangers(pool: OpenPool, { image }: Entry, what: string): Promise<void> {
  if (image.id === undefined) return;
  const snapshots = await pool.site.cluster.snapshots(pool.id, image.id).catch((error: unknown) => {
    if (KrStorageError.isInstance(error) && error.code === "NOT_FOUND") return [];
    throw error;
  });
  const theirs = snapshots.filter(([, name, isKeptForClones]) => !isKeptForClones && !ownSnapshot(name));
  if (theirs.length === 0) return;
  throw new KrStorageError(
    "IN_USE",
    `${what} cannot be purged: its image ${image.name} has snapshots that KRStorage did not take (${theirs.map(([, name]) => name).join(", ")}); remove those first`,
    { target: what },
  );
}

/** A volume in the trash whose image somebody has taken out of the cluster's is wanted by somebody, as far as we can tell. */
async function refuseTakenOut(pool: OpenPool, found: Entry, what: string): Promise<void> {
  const siblings = await pool.table.read((transaction) =>
    allEntries(transaction).filter(({ image }) => image.id === found.image.id),
  );
  if (!isTakenOut(found, await seeAll(pool, siblings))) return;
  throw new KrStorageError(
    "PRECONDITION_FAILED",
    `${what} cannot be purged: its image ${found.image.name} was taken out of the cluster's trash; undelete it, or run fsck with repair to put it back`,
    { target: what },
  );
}

async function removeBytes(pool: OpenPool, purging: Entry): Promise<void> {
  const { uid, kind, image, snapshot, subvolume } = purging;
  const { cluster } = pool.site;
  if (subvolume) await removeShare(pool, purging);
  else if (kind === "snapshot" && image.id !== undefined && snapshot)
    await cluster.removeSnapshot(pool.id, image.id, snapshot.name);
  await pool.table.change((transaction) => {
    const found = findEntry(transaction, uid);
    if (found?.phase !== "purging") return;
    // From here on the image is known by this alone, until it is gone
    if (kind === "volume" && image.id !== undefined) transaction.set(leftoverKey(image.id), image.name);
    transaction.delete(objectKey(uid));
    transaction.set(goneKey(uid), 1);
    if (transaction.get(nameKey(found.name)) === uid) transaction.delete(nameKey(found.name));
  });
  await tryLeftovers(pool);
}

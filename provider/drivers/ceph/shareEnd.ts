import { setTimeout as sleep } from "node:timers/promises";
import { hasCode, KrStorageError } from "../../model/errors";
import { allEntries, type Entry, findEntry, goneKey, ownSnapshot, temporarySnapshot } from "./entry";
import type { Subvolume } from "./filesystems";
import type { OpenPool } from "./openPool";
import { removeUser } from "./poolUser";
import { type SharesSeen, seenShare, seeShares, subvolumeOf, userOf } from "./shareStored";

/** How long the cluster is waited for that gives up a copy. */
const longestWaitMs = 30_000;

/** Removes what an unfinished create of a share, or of a snapshot of one, has made. Its entry is fenced: nobody publishes it any more. */
export async function undoShare(pool: OpenPool, entry: Entry, source: Entry | undefined): Promise<void> {
  const { filesystems } = pool.site;
  const at = subvolumeOf(entry);
  if (!at) return;
  if (entry.snapshot) {
    await filesystems.removeSnapshot(at, entry.snapshot.name);
    return;
  }
  if (entry.sourceUid !== undefined) await giveUpCopy(pool, at);
  await closeShare(pool, entry);
  await whileCopied(() => filesystems.remove(at));
  const parent = source && source.kind !== "snapshot" ? subvolumeOf(source) : undefined;
  if (parent) await whileCopied(() => filesystems.removeSnapshot(parent, temporarySnapshot(entry.uid)));
}

/** Nothing where it was not begun, or has ended: the removal that follows tells. */
async function giveUpCopy(pool: OpenPool, at: Subvolume): Promise<void> {
  try {
    await pool.site.filesystems.cancelClone(at);
  } catch (error) {
    if (hasCode(error, "PERMISSION_DENIED")) throw error;
  }
}

/** Ends what the cluster keeps for a copy that it makes, or has just made. */
export async function whileCopied(end: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += 250) {
    try {
      await end();
      return;
    } catch (error) {
      if (!hasCode(error, "IN_USE") || waitedMs >= longestWaitMs) throw error;
    }
    await sleep(250);
  }
}

/** Ends the cephx user of a share, and cuts off whoever has it mounted as that user. */
export async function closeShare(pool: OpenPool, found: Entry): Promise<void> {
  const { filesystems } = pool.site;
  const at = subvolumeOf(found);
  if (!at) return;
  try {
    const isEnded = await filesystems.deauthorize(at, userOf(found.uid));
    // The manager ends no user of what is gone
    if (!isEnded) await removeUser(pool.site, found.uid, pool.where);
    await filesystems.evict(at, userOf(found.uid));
  } catch (error) {
    // A copy that was never complete has no user
    if (!hasCode(error, "IN_USE")) throw error;
  }
}

/** Ends a purged share or snapshot. What snapshots of it hold that are kept stays as long as they do. */
export async function removeShare(pool: OpenPool, found: Entry): Promise<void> {
  const { filesystems } = pool.site;
  const at = subvolumeOf(found);
  if (!at) return;
  if (found.snapshot) {
    await filesystems.removeSnapshot(at, found.snapshot.name);
    return;
  }
  await closeShare(pool, found);
  const { kept, ended } = await snapshotsIn(pool, found, await seeShares(pool, [found]));
  for (const snapshot of ended) await filesystems.removeSnapshot(at, snapshot);
  await filesystems.remove(at, { retain: kept.length > 0 });
}

/** Snapshots that somebody else took of a share, and those whose records are lost, are not taken along. */
export async function refuseForeignSnapshots(pool: OpenPool, found: Entry, what: string): Promise<void> {
  const { strange } = await snapshotsIn(pool, found, await seeShares(pool, [found]));
  if (strange.length === 0) return;
  throw new KrStorageError(
    "IN_USE",
    `${what} cannot be purged: its subvolume ${found.image.name} has snapshots of which KRStorage knows nothing (${strange.join(", ")}); run \`krstorage fsck --repair\` if their records may be lost, else remove them first`,
    { target: what },
  );
}

/** The snapshots of a share: those that are kept, those that have certainly ended, and those of which the records say neither. */
export async function snapshotsIn(
  pool: OpenPool,
  found: Entry,
  seen: SharesSeen,
): Promise<Record<"kept" | "ended" | "strange", string[]>> {
  const there = seenShare(found, seen)?.snapshots ?? [];
  return pool.table.read((transaction) => {
    const hasEnded = (name: string): boolean => {
      const own = ownSnapshot(name);
      if (own === undefined) return false;
      if (transaction.has(goneKey(own.uid))) return true;
      // A finished copy needs its temporary snapshot no more
      const copy = own.isTemporary ? findEntry(transaction, own.uid) : undefined;
      return copy !== undefined && copy.phase !== "creating";
    };
    const entries = allEntries(transaction).filter(({ image }) => image.name === found.image.name);
    const known = new Set(entries.flatMap(({ snapshot }) => snapshot?.name ?? []));
    const kept = there.filter((name) => known.has(name));
    const ended = there.filter((name) => !known.has(name) && hasEnded(name));
    return { kept, ended, strange: there.filter((name) => !kept.includes(name) && !ended.includes(name)) };
  });
}

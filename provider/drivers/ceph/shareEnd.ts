import { setTimeout as sleep } from "node:timers/promises";
import { hasCode, KrStorageError } from "../../model/errors";
import { allEntries, type Entry, temporarySnapshot } from "./entry";
import type { Subvolume } from "./filesystems";
import type { OpenPool } from "./openPool";
import { seenShare, seeShares, subvolumeOf, userOf } from "./shareStored";

/** How long the cluster is waited for that gives up a copy. */
const longestWaitMs = 30_000;
const ours = /^krs(-clone)?\./;

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

async function whileCopied(end: () => Promise<boolean>): Promise<void> {
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
    await filesystems.deauthorize(at, userOf(found.uid));
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
  const kept = await pool.table.read((transaction) =>
    allEntries(transaction).flatMap((each) =>
      each.image.name === found.image.name && each.snapshot ? each.snapshot.name : [],
    ),
  );
  const there = seenShare(found, await seeShares(pool, [found]));
  for (const snapshot of there?.snapshots ?? [])
    if (ours.test(snapshot) && !kept.includes(snapshot)) await filesystems.removeSnapshot(at, snapshot);
  await filesystems.remove(at, { retain: kept.length > 0 });
}

/** Snapshots that somebody else took of a share are theirs: they are not taken along. */
export async function refuseForeignSnapshots(pool: OpenPool, found: Entry, what: string): Promise<void> {
  const there = seenShare(found, await seeShares(pool, [found]));
  const theirs = (there?.snapshots ?? []).filter((name) => !ours.test(name));
  if (theirs.length === 0) return;
  throw new KrStorageError(
    "IN_USE",
    `${what} cannot be purged: its subvolume ${found.image.name} has snapshots that KRStorage did not take (${theirs.join(", ")}); remove those first`,
    { target: what },
  );
}

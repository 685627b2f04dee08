import { setTimeout as sleep } from "node:timers/promises";
import { hasCode, KrStorageError, messageOf } from "../../model/errors";
import type { Call } from "../driver";
import { type Entry, type ReadEntry, temporarySnapshot } from "./entry";
import type { Subvolume } from "./filesystems";
import { leaseMs, renewLease } from "./lease";
import { nameOf } from "./matching";
import type { OpenPool } from "./openPool";
import { whileCopied } from "./shareEnd";
import { shareCarrier, subvolumeOf, userOf } from "./shareStored";
import { shareHolders } from "./shareUses";

const longestPollMs = 2_000;

/** Makes the subvolume, or the snapshot, of an entry. What comes back is the entry as it is to be published. */
export async function makeShare(
  pool: OpenPool,
  entry: ReadEntry,
  source: ReadEntry | undefined,
  call: Call,
): Promise<ReadEntry> {
  const { filesystems } = pool.site;
  const at = requirePlace(pool, entry);
  const { record, snapshot, subvolume, image, uid } = entry;
  if (snapshot) {
    const consistency = (await isMounted(pool, entry)) ? ("crash" as const) : ("offline" as const);
    await filesystems.createSnapshot(at, snapshot.name);
    return { ...entry, record: { ...record, consistency, self: shareCarrier(entry) } };
  }
  await filesystems.createGroup(at);
  if (source) await copyShare(pool, entry, { from: source, to: at }, call);
  else await filesystems.create(at, record.sizeBytes);
  // A copy has the quota of its source
  if (source) await filesystems.resize(at, record.sizeBytes);
  const path = await filesystems.path(at);
  const id = path.split("/").at(-1) ?? "";
  await filesystems.authorize(at, userOf(uid), "rw");
  const made: ReadEntry = {
    ...entry,
    image: { ...image, id },
    subvolume: { filesystem: at.filesystem, group: at.group, ...subvolume, path },
  };
  return { ...made, record: { ...record, self: shareCarrier(made) } };
}

/** Where nobody may tell whether it is mounted, it counts as mounted: its snapshot is worth no more than it is sure to be. */
async function isMounted(pool: OpenPool, entry: ReadEntry): Promise<boolean> {
  try {
    return (await shareHolders(pool, entry)).length > 0;
  } catch (error) {
    if (hasCode(error, "PERMISSION_DENIED")) return true;
    throw error;
  }
}

/** Copies need a snapshot, which stays until they are there: `endCopying` ends it. They are whole copies, and the cluster makes them in the background. */
async function copyShare(
  pool: OpenPool,
  entry: ReadEntry,
  { from, to }: { from: ReadEntry; to: Subvolume },
  { signal }: Call,
): Promise<void> {
  const { filesystems } = pool.site;
  const { uid } = entry;
  const what = nameOf(pool, entry);
  const parent = requirePlace(pool, from);
  const snapshot = from.snapshot?.name ?? temporarySnapshot(uid);
  if (!from.snapshot) await filesystems.createSnapshot(parent, snapshot);
  await filesystems.clone(parent, snapshot, to);
  let renewedAt = performance.now();
  for (let pauseMs = 50; ; pauseMs = Math.min(2 * pauseMs, longestPollMs)) {
    const state = await filesystems.cloneState(to);
    if (state === "complete") break;
    if (state !== "pending" && state !== "in-progress")
      throw new KrStorageError("INTERNAL", `copying ${from.name} to ${what} ended as "${state}" in the cluster`, {
        target: what,
      });
    if (signal.aborted)
      throw new KrStorageError(
        "CANCELLED",
        `making ${what} was cancelled before ${from.name} was copied; what was copied goes again`,
        { target: what },
      );
    if (performance.now() - renewedAt > leaseMs / 4) {
      await renewLease(pool, uid, what);
      renewedAt = performance.now();
    }
    await sleep(pauseMs);
  }
}

/** Ends the snapshot that a copy was made from. The copy is there by then: where this fails, a repair does it, and the purge of the source. */
export async function endCopying(pool: OpenPool, { uid }: Entry, from: Entry): Promise<void> {
  const { filesystems, env } = pool.site;
  const parent = subvolumeOf(from);
  if (!parent || from.snapshot) return;
  try {
    await whileCopied(() => filesystems.removeSnapshot(parent, temporarySnapshot(uid)));
  } catch (error) {
    env.log.warn(`${pool.where}: ${messageOf(error)}`);
  }
}

function requirePlace(pool: OpenPool, entry: ReadEntry): Subvolume {
  const at = subvolumeOf(entry);
  if (at) return at;
  throw new KrStorageError("PRECONDITION_FAILED", `${nameOf(pool, entry)} has no subvolume`, { target: pool.where });
}

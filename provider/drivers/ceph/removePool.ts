import { hasCode, KrStorageError, withOutcome } from "../../model/errors";
import { requireMatch } from "../changes";
import type { Match, PoolRef } from "../driver";
import { newUid } from "../record";
import { allEntries, groupsIn, leftovers, objects, poolKey, requireWritable } from "./entry";
import { leaseMs } from "./lease";
import { removeLeftovers } from "./leftovers";
import { described, identityOf, type OpenPool, type Pools } from "./openPool";
import { type CephPoolRecord, type Place, placeOf } from "./place";
import { removedUid, removingDataName, removingName } from "./poolNames";
import { removeUser } from "./poolUser";
import type { Transaction } from "./table";
import { isMarkedBy, restoreNames, takeBack } from "./takeBack";
import { undoAbandoned } from "./undo";

/**
 * Removes a pool of the cluster, which takes everything in it along: so only one that we made, whose table is empty, and in
 * which the cluster itself sees nothing, twice. Nothing can come into it meanwhile, since its table says that it is being
 * removed, and by which removal. One that was there before stays; our records go out of it.
 */
export async function removePool(pools: Pools, ref: PoolRef, match: Match): Promise<"removed" | "retired" | "gone"> {
  if (await hasEnded(pools, ref)) return "gone";
  const pool = (await findRenamed(pools, ref, match.uid)) ?? (await pools.require(ref));
  await undoAbandoned(pool, () => true);
  await removeLeftovers(pool);
  const now = await pool.now();
  const removal = newUid();
  const ending = await pool.table.change((transaction): "retired" | Place => {
    // One whose removal was interrupted is removed by the next who asks, and the other one finds that it is not its own any more
    const { removing: _, ...record } = pool.header(transaction);
    requireMatch(record, match, `pool ${pool.where}`);
    requireWritable(record, `pool ${pool.where}`);
    return retireOrEnd(pool, transaction, record, { now, removal });
  });
  if (ending === "retired") return "retired";
  try {
    if (ending.existing) await release(pool, removal, ending);
    else await endPool(pool, { uid: match.uid, removal, place: ending });
    return "removed";
  } catch (error) {
    if (await isAway(pool).catch(() => false)) {
      await removeUser(pools.site, match.uid, pool.where);
      return "gone";
    }
    throw await givenUp(pool, removal, error);
  }
}

/** What stands against it leaves the pool as it was. After anything else the next removal goes on, or a repair takes it back. */
async function givenUp(pool: OpenPool, removal: string, error: unknown): Promise<unknown> {
  if (!KrStorageError.isInstance(error) || error.outcome !== "not-applied") return error;
  return takeBack(pool, removal).then(
    () => error,
    () => withOutcome(error, "partial"),
  );
}

/** One that we made. */
async function endPool(
  pool: OpenPool,
  { uid, removal, place }: { uid: string; removal: string; place: Place },
): Promise<void> {
  const { site, id, where } = pool;
  const { cluster } = site;
  await requireOurs(pool, uid);
  await refuseForeign(pool, place);
  await removeGroups(pool);
  await rename(pool, id, removingName(uid, removal));
  const data = place.dataPool && (await described(site, place.dataPool.id));
  if (data) await rename(pool, data.pool_id, removingDataName(uid, removal));
  // The second look, at what nobody opens by its name any more. Who takes the removal over from here on, or back, renames first
  await pool.table.read((transaction) => requireMarked(pool, transaction, removal));
  await refuseForeign(pool, place);
  if (data) await cluster.deletePool(removingDataName(uid, removal));
  await cluster.deletePool(removingName(uid, removal));
  if (!(await isAway(pool))) throw takenOver(where);
  await removeUser(site, uid, where);
}

/** One that was there before. */
async function release(pool: OpenPool, removal: string, { marked }: Place): Promise<void> {
  await removeGroups(pool);
  await pool.table.drop((transaction) => requireMarked(pool, transaction, removal));
  if (marked) await pool.site.cluster.disableApplication(pool.name, "krstorage").catch(() => undefined);
}

async function rename(pool: OpenPool, id: number, to: string): Promise<void> {
  const from = (await described(pool.site, id))?.pool_name;
  if (from === undefined) throw takenOver(pool.where);
  await pool.site.cluster.renamePool(from, to);
}

/** Throws IN_USE unless this removal is still the one that may end the pool, and there is still nothing in it. */
function requireMarked(pool: OpenPool, transaction: Transaction, removal: string): void {
  if (!isMarkedBy(pool, transaction, removal) || transaction.keys(objects).length > 0) throw takenOver(pool.where);
}

function takenOver(where: string): KrStorageError {
  return new KrStorageError(
    "IN_USE",
    `pool ${where} is being removed by another program, or was kept by one meanwhile; nothing was removed. Look again`,
    { target: where, retryable: true },
  );
}

/** Of the shares that were in the pool. Throws IN_USE where the cluster sees anything in them. */
async function removeGroups({ site, table, where }: OpenPool): Promise<void> {
  const groups = await table.read(groupsIn);
  const found: string[] = [];
  for (const each of groups)
    found.push(...(await site.filesystems.subvolumes(each)).map((name) => `subvolume ${name}`));
  if (found.length > 0) throw foreign(where, found);
  for (const each of groups) await site.filesystems.removeGroup(each);
}

/** One whose removal was interrupted when it had lost its name already. */
async function findRenamed(pools: Pools, ref: PoolRef, uid: string): Promise<OpenPool | undefined> {
  const renamed = (await pools.site.cluster.pools()).find(({ pool_name: name }) => removedUid(name) === uid);
  if (!renamed) return undefined;
  const pool = await pools.require(ref, renamed.pool_id);
  const isMarked = await pool.table.read((transaction) => pool.header(transaction).removing !== undefined);
  // Renamed by one that had been taken back before: anything may be in it
  if (!isMarked) await restoreNames(pool);
  return pool;
}

/** Whether it is proven that this pool was removed before. */
async function hasEnded(pools: Pools, ref: PoolRef): Promise<boolean> {
  if (ref.identity === undefined) return false;
  const fsid = await pools.site.cluster.fsid();
  const number = ref.identity.startsWith(`${fsid}.`) ? ref.identity.slice(fsid.length + 1) : "";
  // A number is never given twice: a pool that its own cluster does not have any more has ended for good
  const isThere = !/^\d+$/.test(number) || (await described(pools.site, Number(number))) !== undefined;
  return !isThere || isReleased(pools, ref);
}

/** A pool of others that has nothing of ours any more, neither records nor their copy: those went when it was removed. */
async function isReleased({ site }: Pools, { name, identity }: PoolRef): Promise<boolean> {
  const id = await site.cluster.poolId(name);
  if (id === null || (await identityOf(site, id)) !== identity) return false;
  const seen = await described(site, id);
  if (!seen || seen.application_metadata.krstorage?.uid !== undefined) return false;
  try {
    return (await site.cluster.readTable(id)) === null && (await site.cluster.readCopy(id)) === null;
  } catch (error) {
    // Without our application on it nobody lets our user look: they may be there
    if (hasCode(error, "PERMISSION_DENIED") && !("krstorage" in seen.application_metadata)) return false;
    throw error;
  }
}

async function isAway({ site, id }: OpenPool): Promise<boolean> {
  return (await described(site, id)) === undefined;
}

/** What we made carries our mark, with the uid of its record. */
async function requireOurs({ site, id, where }: OpenPool, uid: string): Promise<void> {
  if ((await described(site, id))?.application_metadata.krstorage?.uid === uid) return;
  throw new KrStorageError(
    "PRECONDITION_FAILED",
    `pool ${where} does not carry the mark of the pool that KRStorage made (application krstorage, uid ${uid}), so it is not removed; whoever runs the cluster can`,
    { target: where },
  );
}

function retireOrEnd(
  pool: OpenPool,
  transaction: Transaction,
  record: CephPoolRecord,
  { now, removal }: { now: number; removal: string },
): "retired" | Place {
  const isEmpty = transaction.keys(objects).length === 0;
  const isOnlyTrash =
    allEntries(transaction).length === transaction.keys(objects).length &&
    allEntries(transaction).every(({ phase, record: theirs }) => phase === "trashed" && theirs !== undefined);
  if (!isOnlyTrash)
    throw new KrStorageError(
      "IN_USE",
      `pool ${pool.where} has objects: ${someNames(transaction)}; delete those first`,
      {
        target: pool.where,
      },
    );
  if (!isEmpty || transaction.keys(leftovers).length > 0) {
    if (record.retiredAt === undefined)
      transaction.set(poolKey, { ...record, retiredAt: new Date(now).toISOString(), revision: record.revision + 1 });
    return "retired";
  }
  transaction.set(poolKey, { ...record, removing: removal });
  return placeOf(record);
}

/** What is no live object is not deleted, and is said to be what it is. */
const unfinished: Record<string, string> = {
  creating: ` (just being made: wait for that, or ${leaseMs / 1000} seconds if its maker has died)`,
  purging: " (half-ended: purge it again)",
};

function someNames(transaction: Transaction): string {
  const names = allEntries(transaction)
    .filter(({ phase }) => phase !== "trashed")
    .map(({ name, phase }) => `${name}${unfinished[phase] ?? ""}`)
    .sort();
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
}

/** Throws IN_USE where the cluster sees anything in the pool: images, namespaces, snapshots, objects of other applications. */
async function refuseForeign({ site, id, where }: OpenPool, { dataPool }: Place): Promise<void> {
  const { cluster } = site;
  const { images, trash, namespaces } = await cluster.names(id);
  const found = [...images, ...trash]
    .map(([, name]) => `image ${name}`)
    .concat(namespaces.map((name) => `namespace ${name}`));
  const all = await cluster.pools();
  const both = all.filter(({ pool_id: each }) => each === id || each === dataPool?.id);
  for (const pool of both) found.push(...pool.pool_snaps.map(({ name }) => `pool snapshot ${name}`));
  if (found.length === 0)
    for (const pool of both) found.push(...(await cluster.strangers(pool.pool_id)).map((name) => `object ${name}`));
  if (found.length > 0) throw foreign(where, found);
}

function foreign(where: string, found: string[]): KrStorageError {
  return new KrStorageError(
    "IN_USE",
    `pool ${where} holds what KRStorage did not make (${found.slice(0, 5).join(", ")}), and removing it would end that; move it away first`,
    { target: where },
  );
}

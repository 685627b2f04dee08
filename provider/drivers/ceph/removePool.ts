import { hasCode, KrStorageError } from "../../model/errors";
import { requireMatch } from "../changes";
import type { Match, PoolRef } from "../driver";
import { isUid } from "../requests";
import { allEntries, groupsIn, leftovers, objects, poolKey, requireWritable } from "./entry";
import { leaseMs } from "./lease";
import { removeLeftovers } from "./leftovers";
import { removingName } from "./managePools";
import { identityOf, type OpenPool, type Pools } from "./openPool";
import { type CephPoolRecord, dataPoolName, type Place, placeOf } from "./place";
import { removeUser } from "./poolUser";
import type { Transaction } from "./table";
import { undoAbandoned } from "./undo";

/**
 * Removes a pool of the cluster, which takes everything in it along: so only one that we made, whose table is empty, and in
 * which the cluster itself sees nothing, twice. Nothing can come into it meanwhile, since its table says that it is being
 * removed. One that was there before stays; our records go out of it.
 */
export async function removePool(pools: Pools, ref: PoolRef, match: Match): Promise<"removed" | "retired" | "gone"> {
  const { cluster } = pools.site;
  const unfinished = isUid(match.uid) ? await cluster.poolId(removingName(match.uid)) : null;
  if (unfinished !== null) {
    await endPool(pools, unfinished, match.uid);
    return "gone";
  }
  if (await isReleased(pools, ref)) return "gone";
  const pool = await pools.require(ref);
  await undoAbandoned(pool, () => true);
  await removeLeftovers(pool);
  const now = await pool.now();
  const ending = await pool.table.change((transaction): "retired" | Place => {
    // One whose removal was interrupted is removed by the next who asks
    const { removing: _, ...record } = pool.header(transaction);
    requireMatch(record, match, `pool ${pool.where}`);
    requireWritable(record, `pool ${pool.where}`);
    return retireOrEnd(pool, transaction, record, now);
  });
  if (ending === "retired") return "retired";
  if (ending.existing) {
    await removeGroups(pool);
    await cluster.dropRecords(pool.id);
    if (ending.marked) await cluster.disableApplication(pool.name, "krstorage").catch(() => undefined);
    return "removed";
  }
  try {
    await requireOurs(pool, match.uid);
    await refuseForeign(pools, pool.id, match.uid, pool.where);
    await removeGroups(pool);
  } catch (error) {
    await goOn(pool);
    throw error;
  }
  await cluster.renamePool(pool.name, removingName(match.uid));
  await endPool(pools, pool.id, match.uid).catch(async (error: unknown) => {
    // Somebody was quicker than the rename: the pool gets its name back
    if (hasCode(error, "IN_USE")) {
      await cluster.renamePool(removingName(match.uid), pool.name);
      await goOn(pool);
    }
    throw error;
  });
  return "removed";
}

/** The second look, at what nobody opens by its name any more; then the end. */
async function endPool(pools: Pools, id: number, uid: string): Promise<void> {
  const { cluster, backend } = pools.site;
  await refuseForeign(pools, id, uid, `${backend}/${removingName(uid)}`);
  if ((await cluster.poolId(dataPoolName(uid))) !== null) await cluster.deletePool(dataPoolName(uid));
  await removeUser(pools.site, uid, `${backend}/${removingName(uid)}`);
  await cluster.deletePool(removingName(uid));
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

/** The table says again that the pool can be used. */
async function goOn(pool: OpenPool): Promise<void> {
  await pool.table.change((transaction) => {
    const { removing: _, ...record } = pool.header(transaction);
    transaction.set(poolKey, record);
  });
}

/** A pool of others that has nothing of ours any more, neither records nor their copy: those went when it was removed. */
async function isReleased({ site }: Pools, { name, identity }: PoolRef): Promise<boolean> {
  const id = identity === undefined ? null : await site.cluster.poolId(name);
  if (id === null || (await identityOf(site, id)) !== identity) return false;
  const described = (await site.cluster.pools()).find(({ pool_id: theirs }) => theirs === id);
  if (!described || described.application_metadata.krstorage?.uid !== undefined) return false;
  try {
    return (await site.cluster.readTable(id)) === null && (await site.cluster.readCopy(id)) === null;
  } catch (error) {
    if (hasCode(error, "PERMISSION_DENIED") && !("krstorage" in described.application_metadata)) return true;
    throw error;
  }
}

/** What we made carries our mark, with the uid of its record. */
async function requireOurs({ site, id, where }: OpenPool, uid: string): Promise<void> {
  const described = (await site.cluster.pools()).find(({ pool_id: theirs }) => theirs === id);
  if (described?.application_metadata.krstorage?.uid === uid) return;
  throw new KrStorageError(
    "PRECONDITION_FAILED",
    `pool ${where} does not carry the mark of the pool that KRStorage made (application krstorage, uid ${uid}), so it is not removed; whoever runs the cluster can`,
    { target: where },
  );
}

function retireOrEnd(pool: OpenPool, transaction: Transaction, record: CephPoolRecord, now: number): "retired" | Place {
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
  transaction.set(poolKey, { ...record, removing: true });
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
async function refuseForeign(pools: Pools, id: number, uid: string, where: string): Promise<void> {
  const { cluster } = pools.site;
  const { images, trash, namespaces } = await cluster.names(id);
  const found = [...images, ...trash]
    .map(([, name]) => `image ${name}`)
    .concat(namespaces.map((name) => `namespace ${name}`));
  const dataPool = await cluster.poolId(dataPoolName(uid));
  const ids = dataPool === null ? [id] : [id, dataPool];
  for (const pool of await cluster.pools())
    if (ids.includes(pool.pool_id)) found.push(...pool.pool_snaps.map(({ name }) => `pool snapshot ${name}`));
  if (found.length === 0)
    for (const each of ids) found.push(...(await cluster.strangers(each)).map((name) => `object ${name}`));
  if (found.length > 0) throw foreign(where, found);
}

function foreign(where: string, found: string[]): KrStorageError {
  return new KrStorageError(
    "IN_USE",
    `pool ${where} holds what KRStorage did not make (${found.slice(0, 5).join(", ")}), and removing it would end that; move it away first`,
    { target: where },
  );
}

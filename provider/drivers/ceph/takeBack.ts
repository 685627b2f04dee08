import { KrStorageError } from "../../model/errors";
import type { Finding, PoolRef } from "../driver";
import { newUid, poolRecord } from "../record";
import { poolKey, requireWritable } from "./entry";
import { described, OpenPool, type Pools } from "./openPool";
import { dataPoolName, placeOf } from "./place";
import { isReserved, removedUid } from "./poolNames";
import { refusedAsNone } from "./recoverTable";
import type { Transaction } from "./table";

/** Whether the table says that this removal ends the pool. */
export function isMarkedBy(pool: OpenPool, transaction: Transaction, removal: string): boolean {
  return transaction.has(poolKey) && pool.header(transaction).removing === removal;
}

/**
 * Takes a removal back that has ended nothing: the pool has its names again, and only after that its table says that it can be used. What
 * another removal has by now stays as that has it.
 */
export async function takeBack(pool: OpenPool, removal: string): Promise<void> {
  const isOurs = await pool.table.read((transaction) => isMarkedBy(pool, transaction, removal));
  await restoreNames(pool, isOurs ? undefined : removal);
  await pool.table.change((transaction) => {
    if (!isMarkedBy(pool, transaction, removal)) return;
    const { removing: _, ...record } = pool.header(transaction);
    transaction.set(poolKey, record);
  });
}

/**
 * Gives the pool, and the one that its data is in, their names back; with `removal` only if it was that one which took them. Throws
 * PRECONDITION_FAILED where the data pool has been ended already: then the pool is of no use any more.
 */
export async function restoreNames(pool: OpenPool, removal = ""): Promise<void> {
  const { site, id, table } = pool;
  const isTaken = (name: string) => isReserved(name) && name.includes(removal);
  const { uid, place } = await table.read((transaction) => {
    const header = pool.header(transaction);
    return { uid: header.uid, place: placeOf(header) };
  });
  if (place.dataPool) {
    const name = (await described(site, place.dataPool.id))?.pool_name;
    if (name === undefined)
      throw new KrStorageError(
        "PRECONDITION_FAILED",
        `the removal of pool ${pool.where} has ended the pool of its data already; remove it once more`,
        { target: pool.where },
      );
    if (name !== dataPoolName(uid) && isTaken(name)) await site.cluster.renamePool(name, dataPoolName(uid));
  }
  const name = (await described(site, id))?.pool_name;
  if (name !== undefined && isTaken(name)) await site.cluster.renamePool(name, pool.name);
}

/** A removal that was interrupted: nothing can be put into its pool. A repair takes it back, also where somebody is just about it. */
export async function checkRemoval(pools: Pools, ref: PoolRef, repair: boolean): Promise<Finding[]> {
  const pool = await findRemoving(pools, ref);
  if (!pool) return [];
  if (repair) {
    const removal = newUid();
    await pool.table.change((transaction) => {
      const header = pool.header(transaction);
      requireWritable(header, `pool ${pool.where}`);
      if (header.removing !== undefined) transaction.set(poolKey, { ...header, removing: removal });
    });
    await takeBack(pool, removal);
  }
  const message = "its removal was interrupted; remove it once more, or have a repair take that back";
  return [
    { object: pool.where, message: repair ? "its interrupted removal was taken back" : message, repaired: repair },
  ];
}

/** The pool of a name whose table says that it is being removed, whatever it is called in the cluster. */
async function findRemoving(pools: Pools, ref: PoolRef): Promise<OpenPool | undefined> {
  const { cluster } = pools.site;
  const isRemoving = ({ table }: OpenPool) =>
    table.read((transaction) => {
      const { data } = poolRecord.safeParse(transaction.get(poolKey));
      return (
        data?.removing !== undefined && data.name === ref.name && (ref.identity ?? data.identity) === data.identity
      );
    });
  for (const { pool_id: id, pool_name: name } of await cluster.pools()) {
    if (name !== ref.name && removedUid(name) === undefined) continue;
    const pool = new OpenPool(pools.site, pools.table(id), ref.name);
    if (await isRemoving(pool).catch(refusedAsNone)) return pool;
  }
  return undefined;
}

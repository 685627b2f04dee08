import { KrStorageError } from "../../model/errors";
import { nameProblem } from "../../model/names";
import { applyPoolChange, requireMatch } from "../changes";
import type { Call, Match, NewPool, PoolChange, PoolRef, StoredPool } from "../driver";
import { formatVersion, newUid, type PoolRecord } from "../record";
import { checkedPoolRecord, isUid } from "../requests";
import { capabilitiesOf } from "./capabilities";
import { allEntries, groupsIn, leftovers, objects, poolKey, requireWritable } from "./entry";
import { identityOf, OpenPool, type Pools } from "./openPool";
import { giveUser, removeUser } from "./poolUser";
import { removeLeftovers } from "./purge";
import type { Transaction } from "./table";

/** What a pool is called in the cluster before it is published, and while it is being removed. Not names that a pool can be given. */
const unfinishedName = (uid: string) => `krs-new.${uid}`;
const removingName = (uid: string) => `krs-del.${uid}`;
const temporary = /^krs-(new|del)\./;

/** Makes a pool under a name of its own, with its records in it, and then gives it its name: a rename is exclusive in Ceph. */
export async function createPool(pools: Pools, request: NewPool, call: Call): Promise<StoredPool> {
  const { site } = pools;
  const where = `${site.backend}/${request.name}`;
  checkNewPool(request, where);
  await refuseTaken(pools, request.name, where);
  const unfinished = unfinishedName(request.uid);
  await site.cluster.createPool(unfinished, site.options.replicas);
  try {
    await site.cluster.enableApplication(unfinished, "krstorage");
    await site.cluster.markPool(unfinished, "uid", request.uid);
    await site.cluster.enableApplication(unfinished, "rbd");
    const id = await site.cluster.poolId(unfinished);
    if (id === null)
      throw new KrStorageError("INTERNAL", `${where} was made and is not there`, { target: where, outcome: "unknown" });
    const record = await newRecord(pools, request, id, call);
    const isMine = await site.cluster.writeTable(id, null, { gen: newUid(), [poolKey]: JSON.stringify(record) }, []);
    // Somebody makes the very same pool at this moment; one of us will give it its name
    if (!isMine) throw alreadyThere(where);
    await site.cluster.renamePool(unfinished, request.name);
    const made = new OpenPool(site, pools.table(id), request.name);
    await giveUser(made, request.uid);
    return await made.read();
  } catch (error) {
    // It never had its name, so nobody has put anything into it
    if (!KrStorageError.isInstance(error) || error.outcome === "not-applied")
      await site.cluster.deletePool(unfinished).catch(() => undefined);
    throw error;
  }
}

function checkNewPool({ name, uid }: NewPool, where: string): void {
  const problem = nameProblem(name) ?? (isUid(uid) ? undefined : "a uid is 32 hexadecimal digits");
  if (problem) throw new KrStorageError("INVALID_ARGUMENT", `${where}: ${problem}`, { target: where });
}

async function refuseTaken(pools: Pools, name: string, where: string): Promise<void> {
  if ((await pools.site.cluster.poolId(name)) !== null) throw alreadyThere(where);
}

function alreadyThere(where: string): KrStorageError {
  return new KrStorageError("ALREADY_EXISTS", `${where}: the cluster has a pool of that name; nothing was changed`, {
    target: where,
  });
}

async function newRecord(pools: Pools, request: NewPool, id: number, call: Call): Promise<PoolRecord> {
  const { name, uid, claim, owner, stackId, requested, labels, settings } = request;
  return checkedPoolRecord(
    {
      formatVersion,
      kind: "pool",
      uid,
      claim,
      name,
      identity: await identityOf(pools.site, id),
      owner,
      ...(stackId === undefined ? {} : { stackId }),
      createdBy: call.actor.by,
      createdAt: new Date(await pools.site.now(id)).toISOString(),
      requested,
      labels,
      settings,
      capabilities: await capabilitiesOf(pools.site),
      revision: 1,
    },
    `pool ${name}`,
  );
}

/** The pools that carry our application and records of ours. */
export async function listPools(pools: Pools): Promise<StoredPool[]> {
  const ours = (await pools.site.cluster.pools()).filter(
    ({ pool_name: name, application_metadata: applications }) => "krstorage" in applications && !temporary.test(name),
  );
  const found = await Promise.all(
    ours
      .filter(({ pool_name: name }) => nameProblem(name) === undefined)
      .map(async ({ pool_name: name }) => (await pools.find({ name }))?.read()),
  );
  return found.filter((pool) => pool !== undefined);
}

/** Changes a pool's record, by compare-and-swap; `retiredAt: undefined` brings a retired pool back. */
export async function changePool(pool: OpenPool, match: Match, change: PoolChange): Promise<StoredPool> {
  await pool.table.change((transaction) => {
    const record = pool.writable(transaction);
    requireMatch(record, match, `pool ${pool.where}`);
    const next = { ...applyPoolChange(record, change), revision: record.revision + 1 };
    transaction.set(poolKey, checkedPoolRecord(next, `pool ${pool.where}`));
  });
  return pool.read();
}

/**
 * Removes a pool of the cluster, which takes everything in it along: so only one that we made, whose table is empty, and in
 * which the cluster itself sees nothing. Nothing can come into it meanwhile, since its table says that it is being removed.
 */
export async function removePool(pools: Pools, ref: PoolRef, match: Match): Promise<"removed" | "retired" | "gone"> {
  const { cluster } = pools.site;
  if (isUid(match.uid) && (await cluster.poolId(removingName(match.uid))) !== null) {
    await removeUser(pools.site, match.uid, `${pools.site.backend}/${ref.name}`);
    await cluster.deletePool(removingName(match.uid));
    return "gone";
  }
  const pool = await pools.require(ref);
  await removeLeftovers(pool);
  const now = await pool.now();
  const ending = await pool.table.change((transaction): "retired" | "removing" => {
    // One whose removal was interrupted is removed by the next who asks
    const { removing: _, ...record } = pool.header(transaction);
    requireMatch(record, match, `pool ${pool.where}`);
    requireWritable(record, `pool ${pool.where}`);
    return retireOrEnd(pool, transaction, record as PoolRecord, now);
  });
  if (ending === "retired") return "retired";
  await refuseForeign(pool)
    .then(() => removeGroups(pool))
    .catch(async (error: unknown) => {
      await pool.table.change((transaction) =>
        transaction.set(poolKey, { ...pool.header(transaction), removing: undefined }),
      );
      throw error;
    });
  await cluster.renamePool(pool.name, removingName(match.uid));
  await removeUser(pools.site, match.uid, pool.where);
  await cluster.deletePool(removingName(match.uid));
  return "removed";
}

function retireOrEnd(
  pool: OpenPool,
  transaction: Transaction,
  record: PoolRecord,
  now: number,
): "retired" | "removing" {
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
  return "removing";
}

/** The cluster refuses to remove one in which anything is. */
async function removeGroups(pool: OpenPool): Promise<void> {
  for (const each of await pool.table.read(groupsIn)) await pool.site.filesystems.removeGroup(each);
}

function someNames(transaction: Transaction): string {
  const names = allEntries(transaction)
    .filter(({ phase }) => phase !== "trashed")
    .map(({ name }) => name)
    .sort();
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
}

/** Throws IN_USE where the cluster sees anything in the pool: images, namespaces, objects of other applications. */
async function refuseForeign(pool: OpenPool): Promise<void> {
  const { cluster, filesystems } = pool.site;
  const { images, trash, namespaces } = await cluster.names(pool.id);
  const found = [...images, ...trash]
    .map(([, name]) => `image ${name}`)
    .concat(namespaces.map((name) => `namespace ${name}`));
  for (const each of await pool.table.read(groupsIn))
    found.push(...(await filesystems.subvolumes(each)).map((name) => `subvolume ${name}`));
  if (found.length === 0) found.push(...(await cluster.strangers(pool.id)).map((name) => `object ${name}`));
  if (found.length === 0) return;
  throw new KrStorageError(
    "IN_USE",
    `pool ${pool.where} holds what KRStorage did not make (${found.slice(0, 5).join(", ")}), and removing it would end that; move it away first`,
    { target: pool.where },
  );
}

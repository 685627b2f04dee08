import { type CephPool, madeOtherwise } from "../../model/cephPool";
import { KrStorageError, messageOf, withOutcome } from "../../model/errors";
import { nameProblem } from "../../model/names";
import { applyPoolChange, requireMatch } from "../changes";
import type { Call, Match, NewPool, PoolChange, Prospect, StoredPool } from "../driver";
import { formatVersion, newUid, type PoolSettings } from "../record";
import { checkedPoolRecord, isUid } from "../requests";
import { markAdopted, markHint, requireAdoptable } from "./adoptPool";
import { capabilitiesOf } from "./capabilities";
import { poolKey } from "./entry";
import { afterCommit } from "./errors";
import { identityOf, lostRecords, OpenPool, type Pools } from "./openPool";
import { type CephPoolRecord, dataPoolName, type Place } from "./place";
import { cephSettings, idOf, makeLayout, plannedPlace, requirePlaces } from "./poolLayout";
import { isReserved, unfinishedName } from "./poolNames";
import { roomFor, roomIn } from "./poolRoom";
import { giveUser } from "./poolUser";
import { holdToRecord, ownQuotaOf } from "./quota";
import { findRecoverable, refusedAsNone } from "./recoverTable";

/** What a new pool would be, or what the one that exists is: only looks. */
export async function prospectOf(pools: Pools, name: string, settings: PoolSettings | undefined): Promise<Prospect> {
  const { site } = pools;
  const where = `${site.backend}/${name}`;
  requireNameable(name, where);
  const ceph = cephSettings(settings, where);
  const capabilities = await capabilitiesOf(site);
  if (ceph.existing) {
    const found = await requireAdoptable(pools, name, where);
    const seen = { usage: await site.cluster.usage(), pools: [found] };
    const room = roomIn(seen, found.pool_id, { existing: true }, { copies: found.size });
    const notes = [`pool ${name} of the cluster is taken as it is; what others have in it is left alone`];
    if (!("krstorage" in found.application_metadata)) notes.push(`it must be marked: ${markHint(name)}`);
    return { ...room, provisionedBytes: 0, capabilities, notes };
  }
  await refuseTaken(pools, name, where);
  await requirePlaces(site, ceph, where);
  const room = roomFor(await site.cluster.usage(), plannedPlace(ceph), ceph.replicas ?? site.options.replicas);
  return { ...room, provisionedBytes: 0, capabilities };
}

/** Makes a pool under a name of its own, with its records in it, and then gives it its name: a rename is exclusive in Ceph. */
export async function createPool(pools: Pools, request: NewPool, call: Call): Promise<StoredPool> {
  const { site } = pools;
  const where = `${site.backend}/${request.name}`;
  checkNewPool(request, where);
  const ceph = cephSettings(request.settings, where);
  if (ceph.existing) return adoptPool(pools, request, call, where);
  await refuseTaken(pools, request.name, where);
  await requirePlaces(site, ceph, where);
  const id = await publishPool(pools, request, ceph, call, where);
  const made = new OpenPool(site, pools.table(id), request.name);
  await giveUser(made);
  return afterCommit(made.read());
}

/** Makes the pool under a name of its own and gives it its name: from then on it may be in use, and nothing takes it away. */
async function publishPool(pools: Pools, request: NewPool, ceph: CephPool, call: Call, where: string): Promise<number> {
  const { site } = pools;
  const unfinished = unfinishedName(request.uid);
  try {
    const place = await makeLayout(site, unfinished, request.uid, ceph);
    const { capacityBytes = 0 } = request.settings;
    const carrier = place.dataPool ? dataPoolName(request.uid) : unfinished;
    if (ceph.quota) await site.cluster.setQuota(carrier, capacityBytes);
    const id = await idOf(site, unfinished);
    await writeFirst(pools, id, await newRecord(pools, request, id, place, call), where);
    await site.cluster.renamePool(unfinished, request.name);
    return id;
  } catch (error) {
    // It never had its name, so nobody has put anything into it
    if (!KrStorageError.isInstance(error) || error.outcome === "not-applied")
      for (const name of [unfinished, dataPoolName(request.uid)])
        await site.cluster.deletePool(name).catch(() => undefined);
    throw error;
  }
}

/** Puts a table of ours into a pool of the cluster, and nothing else. */
async function adoptPool(pools: Pools, request: NewPool, call: Call, where: string): Promise<StoredPool> {
  const found = await requireAdoptable(pools, request.name, where);
  const marked = await markAdopted(pools, found, where);
  const id = found.pool_id;
  const place = { existing: true as const, marked };
  await writeFirst(pools, id, await newRecord(pools, request, id, place, call), where);
  return afterCommit(new OpenPool(pools.site, pools.table(id), request.name).read());
}

/** The first record of a table, exclusively. */
async function writeFirst(pools: Pools, id: number, record: CephPoolRecord, where: string): Promise<void> {
  const { cluster } = pools.site;
  const rows = { [poolKey]: JSON.stringify(record) };
  await cluster.prepareTrash(id);
  // Somebody may make the very same pool at this moment
  if (!(await cluster.writeTable(id, null, { gen: newUid(), ...rows }, []))) throw alreadyThere(where);
  await cluster
    .replaceCopy(id, rows)
    .catch((error: unknown) => pools.site.env.log.warn(`${where}: ${messageOf(error)}`));
}

function checkNewPool({ name, uid }: NewPool, where: string): void {
  requireNameable(name, where);
  if (!isUid(uid))
    throw new KrStorageError("INVALID_ARGUMENT", `${where}: a uid is 32 hexadecimal digits`, { target: where });
}

function requireNameable(name: string, where: string): void {
  const taken = isReserved(name) ? "names that begin like this are KRStorage's own in the cluster" : undefined;
  const problem = nameProblem(name) ?? taken;
  if (problem) throw new KrStorageError("INVALID_ARGUMENT", `${where}: ${problem}`, { target: where });
}

async function refuseTaken(pools: Pools, name: string, where: string): Promise<void> {
  const id = await pools.site.cluster.poolId(name);
  if (id === null) return;
  if (await findRecoverable(pools, id).catch(refusedAsNone)) throw lostRecords(where);
  throw alreadyThere(where);
}

function alreadyThere(where: string): KrStorageError {
  return new KrStorageError(
    "ALREADY_EXISTS",
    `${where}: the cluster has a pool of that name; nothing was changed (ceph: { existing: true } takes it as it is)`,
    { target: where },
  );
}

async function newRecord(
  pools: Pools,
  request: NewPool,
  id: number,
  place: Place,
  call: Call,
): Promise<CephPoolRecord> {
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
      ...(Object.keys(place).length === 0 ? {} : { place }),
    },
    `pool ${name}`,
  );
}

/** The pools that carry our application and records of ours. */
export async function listPools(pools: Pools): Promise<StoredPool[]> {
  const ours = (await pools.site.cluster.pools()).filter(
    ({ pool_name: name, application_metadata: applications }) => "krstorage" in applications && !isReserved(name),
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
  const { before, next } = await pool.table.change((transaction) => {
    const before = pool.writable(transaction);
    requireMatch(before, match, `pool ${pool.where}`);
    if (change.settings) requireMadeLikeThat(pool, before, change.settings);
    const { quotaEnds: _, ...changed } = applyPoolChange(before, change) as CephPoolRecord;
    const endsQuota = ownQuotaOf(changed) === undefined && (before.quotaEnds || ownQuotaOf(before) !== undefined);
    const next = checkedPoolRecord(
      { ...changed, ...(endsQuota ? { quotaEnds: true } : {}), revision: before.revision + 1 },
      `pool ${pool.where}`,
    );
    transaction.set(poolKey, next);
    return { before, next };
  });
  // After the record, which then says what an interrupted change has left to do
  if (change.settings)
    await holdToRecord(pool).catch(async (error: unknown) => {
      throw await undoChange(pool, before, next, error);
    });
  return afterCommit(pool.read());
}

/** A change whose quota was refused is none. The error to throw. */
async function undoChange(
  pool: OpenPool,
  before: CephPoolRecord,
  changed: CephPoolRecord,
  error: unknown,
): Promise<unknown> {
  if (!KrStorageError.isInstance(error) || error.outcome !== "not-applied") return error;
  const isUndone = await pool.table
    .change((transaction) => {
      const now = pool.writable(transaction);
      if (now.revision !== changed.revision || now.claim !== changed.claim) return false;
      transaction.set(poolKey, { ...before, revision: now.revision + 1 });
      return true;
    })
    .catch(() => false);
  return isUndone ? error : withOutcome(error, "partial");
}

/** Nothing but the quota of how a pool was made is changed. */
function requireMadeLikeThat(pool: OpenPool, before: CephPoolRecord, settings: PoolSettings): void {
  const [key] = madeOtherwise(cephSettings(before.settings, pool.where), cephSettings(settings, pool.where));
  if (key === undefined) return;
  throw new KrStorageError(
    "PRECONDITION_FAILED",
    `pool ${pool.where} was made with another ceph.${key}, and that does not change; nothing was changed`,
    { target: pool.where, issues: [{ path: `ceph.${key}`, message: "was another one when the pool was made" }] },
  );
}

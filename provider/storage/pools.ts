import type { PoolChange, StoredPool } from "../drivers/driver";
import { newClaim, newUid, type PoolRecord, type PoolSettings } from "../drivers/record";
import { hasCode, KrStorageError } from "../model/errors";
import { formatPoolId, type PoolId } from "../model/names";
import type { PoolInputs } from "../model/pool";
import { bytesOf, durationMs } from "../model/quantity";
import { decideTakeOver, type Wanted } from "./claims";
import type { Storage } from "./storage";

/** What a state knows of a pool. */
export interface HeldPool {
  uid: string;
  claim: string;
  identity: string;
}

const defaultTrashRetention = "24h";

/** The settings of a pool as numbers, defaults applied. */
export function poolSettings(
  inputs: Pick<PoolInputs, "capacity" | "maxOvercommit" | "reserve" | "trashRetention" | "ceph">,
): PoolSettings {
  return {
    ...(inputs.capacity === undefined ? {} : { capacityBytes: bytesOf(inputs.capacity) }),
    maxOvercommit: inputs.maxOvercommit ?? 1,
    ...(inputs.reserve === undefined ? {} : { reserveBytes: bytesOf(inputs.reserve) }),
    trashRetentionMs: durationMs(inputs.trashRetention ?? defaultTrashRetention),
    ...(inputs.ceph === undefined ? {} : { ceph: inputs.ceph }),
  };
}

/** A pool, or undefined where none was ever made. With `identity`, absence is UNAVAILABLE and another pool PRECONDITION_FAILED. */
export async function readPool(
  storage: Storage,
  id: PoolId,
  identity?: string,
  signal?: AbortSignal,
): Promise<StoredPool | undefined> {
  const pool = await storage
    .backend(id.backend)
    .read(signal, (driver, call) => driver.readPool({ name: id.pool }, call));
  if (!pool && identity !== undefined) {
    throw new KrStorageError(
      "UNAVAILABLE",
      `pool ${formatPoolId(id)} is not there: its marker is missing. A disk that is not mounted, or an empty folder? Nothing was changed`,
      {
        target: formatPoolId(id),
        retryable: true,
      },
    );
  }
  if (pool) storage.verifyIdentity(id, pool.record.identity, identity);
  return pool;
}

/** Makes a pool, finishes an interrupted making, or takes an existing one over where that is allowed. Throws ALREADY_EXISTS otherwise. */
export async function ensurePool(
  storage: Storage,
  id: PoolId,
  wanted: Wanted,
  settings: PoolSettings,
  signal?: AbortSignal,
): Promise<StoredPool> {
  const backend = storage.backend(id.backend);
  const existing = await readPool(storage, id, undefined, signal);
  if (!existing) {
    try {
      const { requested, labels, owner, stackId } = wanted;
      const made = { name: id.pool, uid: newUid(), claim: newClaim(), owner, requested, labels, settings };
      const pool = await backend.write(signal, (driver, call) =>
        driver.createPool(stackId === undefined ? made : { ...made, stackId }, call),
      );
      storage.forgetLook(id);
      return pool;
    } catch (error) {
      if (!hasCode(error, "ALREADY_EXISTS")) throw error;
      // Perhaps another process was quicker; then the same rules hold as for any existing pool
      const quicker = await readPool(storage, id, undefined, signal);
      if (!quicker) throw error;
      return takeOverPool(storage, id, quicker, wanted, settings, signal);
    }
  }
  return takeOverPool(storage, id, existing, wanted, settings, signal);
}

async function takeOverPool(
  storage: Storage,
  id: PoolId,
  existing: StoredPool,
  wanted: Wanted,
  settings: PoolSettings,
  signal?: AbortSignal,
): Promise<StoredPool> {
  const { at } = await storage.view(id, { maxAgeMs: 0, signal }); // the backend's clock, which also stamped the record
  const decision = decidePoolTakeOver(existing.record, wanted, id, at);
  if ("refused" in decision) throw new KrStorageError("ALREADY_EXISTS", decision.refused, { target: formatPoolId(id) });
  const { owner, requested, labels, stackId } = wanted;
  return changePool(
    storage,
    id,
    existing.record,
    {
      claim: newClaim(),
      owner,
      requested,
      labels,
      settings,
      retiredAt: undefined,
      ...(stackId === undefined ? {} : { stackId }),
    },
    signal,
  );
}

/** As `decideTakeOver`, and a retired pool comes back to its owner whatever it was made with, and to nobody else. */
export function decidePoolTakeOver(
  record: PoolRecord,
  wanted: Wanted,
  id: PoolId,
  now: number,
): ReturnType<typeof decideTakeOver> {
  const what = `pool ${formatPoolId(id)}`;
  if (record.retiredAt !== undefined && record.owner === wanted.owner) return { how: "resumed" };
  return decideTakeOver(record, wanted, what, now);
}

/** Changes a pool's record. Throws CONFLICT if another state has taken the pool over. */
export async function changePool(
  storage: Storage,
  id: PoolId,
  held: HeldPool,
  change: PoolChange,
  signal?: AbortSignal,
): Promise<StoredPool> {
  const existing = await readPool(storage, id, held.identity, signal);
  const identity = existing?.record.identity ?? held.identity; // another than the pinned one only where that is accepted
  const pool = await storage
    .backend(id.backend)
    .write(signal, (driver, call) =>
      driver.updatePool({ name: id.pool, identity }, { uid: held.uid, claim: held.claim }, change, call),
    );
  await storage.note(id, (view) => view.putPool(pool));
  return pool;
}

/**
 * Removes a pool that nothing lives in. With trash inside it is retired until that has ended. Throws IN_USE naming what
 * lives in it, UNAVAILABLE where the backend cannot prove that the pool was removed rather than unmounted.
 * `superseded`: another state has taken it over, so it is not ours to remove.
 */
export async function removePool(
  storage: Storage,
  id: PoolId,
  held: HeldPool,
  signal?: AbortSignal,
): Promise<"removed" | "retired" | "gone" | "superseded"> {
  const existing = await readPool(storage, id, undefined, signal);
  if (existing) storage.verifyIdentity(id, existing.record.identity, held.identity);
  const identity = existing?.record.identity ?? held.identity;
  try {
    const result = await storage
      .backend(id.backend)
      .write(signal, (driver, call) => driver.removePool({ name: id.pool, identity }, held, call));
    storage.forgetLook(id);
    return result;
  } catch (error) {
    if (hasCode(error, "CONFLICT")) return "superseded";
    throw error;
  }
}

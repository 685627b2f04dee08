import type { Purge, StoredObject, Undelete } from "../drivers/driver";
import { newClaim } from "../drivers/record";
import { KrStorageError } from "../model/errors";
import { formatObjectId, formatPoolId, type PoolId } from "../model/names";
import { poolRef, type Storage } from "./storage";

/**
 * Brings an object back from the trash, under its old name or another. A stack that is to hold it again adopts its uid.
 * Throws NOT_FOUND if the uid is not in the trash, ALREADY_EXISTS if the name is taken.
 */
export async function undeleteObject(
  storage: Storage,
  id: PoolId,
  uid: string,
  name?: string,
  signal?: AbortSignal,
): Promise<StoredObject> {
  const request: Undelete = name === undefined ? { uid, claim: newClaim() } : { uid, claim: newClaim(), name };
  const object = await storage
    .backend(id.backend)
    .write(signal, (driver, call) => driver.undelete(poolRef(id), request, call));
  await storage.note(id, (view) => view.put(object));
  return object;
}

export interface Purged {
  purged: string[];
  /** What is in the trash still, with when it may end or what keeps it. */
  kept: { uid: string; id: string; reason: string }[];
}

/** Ends what has expired in a pool's trash, by the backend's clock. What cannot be ended now is kept, with the reason. */
export async function purgeExpired(storage: Storage, id: PoolId, signal?: AbortSignal): Promise<Purged> {
  const view = await storage.view(id, { maxAgeMs: 0, signal });
  const result: Purged = { purged: [], kept: [] };
  for (const { record, phase } of view.all()) {
    if (phase !== "trashed" && phase !== "purging") continue;
    const what = formatObjectId({ ...id, name: record.name });
    if (phase === "trashed" && record.expiresAt !== undefined && Date.parse(record.expiresAt) > view.at) {
      result.kept.push({ uid: record.uid, id: what, reason: `kept until ${record.expiresAt}` });
      continue;
    }
    try {
      await purgeObject(storage, id, { uid: record.uid }, signal);
      result.purged.push(record.uid);
    } catch (error) {
      if (!KrStorageError.isInstance(error)) throw error;
      result.kept.push({ uid: record.uid, id: what, reason: error.message });
    }
  }
  return result;
}

/** Ends one trashed object: once it has expired, or at once with `allowDataLoss` naming its uid. False if it is not in the pool. */
export async function purgeObject(storage: Storage, id: PoolId, purge: Purge, signal?: AbortSignal): Promise<boolean> {
  const found = await storage
    .backend(id.backend)
    .write(signal, (driver, call) => driver.purge(poolRef(id), purge, call));
  await storage.note(id, (view) => view.remove(purge.uid));
  return found;
}

/** The live object of a name, freshly looked at. Throws NOT_FOUND, naming what is in the trash under it. */
export async function findLive(
  storage: Storage,
  id: PoolId & { name: string },
  signal?: AbortSignal,
): Promise<StoredObject> {
  const view = await storage.view(id, { maxAgeMs: 0, signal });
  const object = view.byName(id.name);
  if (object?.phase === "live") return object;
  const trashed = view.all().filter((other) => other.phase === "trashed" && other.record.name === id.name);
  const hint =
    trashed.length === 0
      ? ""
      : `; in the trash: ${trashed.map((other) => `uid ${other.record.uid} since ${other.record.trashedAt}`).join(", ")}`;
  throw new KrStorageError("NOT_FOUND", `there is no ${formatObjectId(id)} in pool ${formatPoolId(id)}${hint}`, {
    target: formatObjectId(id),
  });
}

import type { Purge, StoredObject, Undelete } from "../drivers/driver";
import { hasCode, KrStorageError } from "../model/errors";
import { formatObjectId, type ObjectId, type PoolId } from "../model/names";
import { type HeldObject, newUnheldClaim } from "./claims";
import { maxLookAgeMs } from "./looks";
import type { PoolView } from "./poolView";
import { poolRef, type Storage } from "./storage";

/**
 * Deletes a held object: into the trash of its pool. Deleting what is gone succeeds; what another state holds is left to
 * it. Throws PRECONDITION_FAILED for a protected object and IN_USE naming the holder.
 */
export async function removeObject(
  storage: Storage,
  id: ObjectId,
  held: HeldObject,
  signal?: AbortSignal,
): Promise<"trashed" | "gone" | "superseded"> {
  const view = await storage.view(id, { maxAgeMs: maxLookAgeMs, identity: held.poolIdentity, signal });
  const { settings } = view.pool.record;
  try {
    const trashed = await storage
      .backend(id.backend)
      .write(signal, (driver, call) =>
        driver.trash(poolRef(id, view), { uid: held.uid, claim: held.claim }, settings.trashRetentionMs, call),
      );
    if (!trashed) return "gone";
    await storage.note(id, (current) => {
      current.put(trashed);
      for (const companion of companionsOf(trashed, current)) current.put(companion);
    });
    return "trashed";
  } catch (error) {
    if (hasCode(error, "CONFLICT")) return "superseded";
    throw error;
  }
}

/** The snapshots that have gone into the trash with an object, as they are now: those that policies took of it. */
function companionsOf({ record: { uid, trashedAt, expiresAt } }: StoredObject, view: PoolView): StoredObject[] {
  return view
    .all()
    .filter(({ phase, record }) => phase === "live" && record.kind === "snapshot" && record.sourceUid === uid)
    .map((object) => {
      const { revision } = object.record;
      const record = { ...object.record, trashedAt, expiresAt, trashedWith: uid, revision: revision + 1 };
      return { ...object, phase: "trashed", record };
    });
}

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
  const request: Undelete = { uid, claim: newUnheldClaim(), ...(name === undefined ? {} : { name }) };
  const object = await storage
    .backend(id.backend)
    .write(signal, (driver, call) => driver.undelete(poolRef(id), request, call));
  // With it, snapshots may have come back
  storage.forgetLook(id);
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

import { KrStorageError } from "../../provider/model/errors";
import { formatObjectId, type ObjectId } from "../../provider/model/names";
import type { Storage } from "../../provider/storage";

/**
 * Throws ALREADY_EXISTS if an object has the name. Making again what one has made is idempotent in the library; a person who asks
 * for a copy wants today's bytes, not the ones of last week's copy of the same name.
 */
export async function requireFreeName(storage: Storage, id: ObjectId): Promise<void> {
  const view = await storage.view(id, { maxAgeMs: 0 });
  const uid = view.byName(id.name)?.record.uid ?? view.damagedByName(id.name)?.uid;
  if (uid === undefined) return;
  const what = formatObjectId(id);
  throw new KrStorageError("ALREADY_EXISTS", `${what} exists already (uid ${uid}); choose another name`, {
    target: what,
  });
}

import type { StoredObject } from "../../provider/drivers/driver";
import { KrStorageError } from "../../provider/model/errors";
import { formatObjectId, type ObjectId, uidText } from "../../provider/model/names";
import { askPools } from "./everyPool";
import type { Session } from "./session";

export function isUid(text: string): boolean {
  return uidText.safeParse(text).success;
}

/**
 * The object of a uid, in whichever pool and phase it is. Throws NOT_FOUND, the code of what could not be asked where the answer
 * may lie there, and CONFLICT where a pool was copied with it.
 */
export async function objectOfUid(session: Session, uid: string): Promise<{ where: ObjectId; object: StoredObject }> {
  const { found, problems } = await askPools(session, undefined, async (pool) => {
    const object = (await session.storage.view(pool, { maxAgeMs: 0 })).byUid(uid);
    return object && { where: { ...pool, name: object.record.name }, object };
  });
  const [first, ...others] = found.flatMap((one) => one ?? []);
  if (first && others.length === 0) return first;
  if (first) {
    const ids = [first, ...others].map(({ where }) => formatObjectId(where)).join(", ");
    throw new KrStorageError("CONFLICT", `uid ${uid} is there more than once: ${ids}; name the one that is meant`, {
      target: uid,
    });
  }
  const [unasked] = problems;
  if (unasked)
    throw new KrStorageError(unasked.code, `uid ${uid} was not found, but not everything could be asked`, {
      target: uid,
    });
  throw new KrStorageError("NOT_FOUND", `no pool of the configured backends has an object with the uid ${uid}`, {
    target: uid,
  });
}

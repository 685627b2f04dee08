import type { ObjectRecord } from "../../../provider/drivers/record";
import { KrStorageError } from "../../../provider/model/errors";
import type { MemoryObject, MemoryPool } from "../memory";

/** The object of a uid that is there. */
export function mustHave(pool: MemoryPool, uid: string): MemoryObject {
  const found = pool.objects.find((object) => object.record.uid === uid);
  if (!found) throw new KrStorageError("NOT_FOUND", `there is no object ${uid}`);
  return found;
}

/** Removes objects without a trace, as no driver should. */
export function removeObjects(pool: MemoryPool, which: (record: ObjectRecord) => boolean): void {
  pool.objects = pool.objects.filter((object) => !which(object.record));
}

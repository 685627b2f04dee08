import { KrStorageError } from "../model/errors";
import { matchOf } from "./claims";
import { liveObject, type ObjectDetails, objectDetails } from "./contents";
import { poolRef, type Storage } from "./storage";

/**
 * Registers that something reads an object, or needs it otherwise: it is not deleted, purged or rolled back until that is released.
 * Readers of a snapshot are seen by hardly any backend, so a backup says so itself. A hold of that name that is there stays as it is.
 */
export async function holdObject(
  storage: Storage,
  id: string,
  hold: { name: string; reason: string },
): Promise<ObjectDetails> {
  if (!/^[\w@./:-]{1,100}$/.test(hold.name))
    throw new KrStorageError("INVALID_ARGUMENT", "the name of a hold is 1 to 100 of a-z A-Z 0-9 _ . @ / : -", {
      target: id,
    });
  const { where, object } = await liveObject(storage, id);
  const { holds } = object.record;
  if (holds.some(({ id: name }) => name === hold.name)) return objectDetails(where, object);
  const added = { id: hold.name, reason: hold.reason, since: new Date().toISOString() };
  const held = await storage
    .backend(where.backend)
    .write(undefined, (driver, call) =>
      driver.update(poolRef(where), matchOf(object.record), { holds: [...holds, added] }, call),
    );
  await storage.note(where, (view) => view.put(held));
  return objectDetails(where, held);
}

import type { StoredObject } from "../drivers/driver";
import { KrStorageError } from "../model/errors";
import { formatObjectId, formatPoolId, type PoolId } from "../model/names";
import { objectOf } from "./arguments";
import { healthProblem } from "./claims";
import { maxLookAgeMs } from "./looks";
import type { Storage } from "./storage";

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

/**
 * As `findLive`, from the last look where that knows it: for whoever has the driver find it by its uid once more. So hundreds of
 * snapshots are not hundreds of lists.
 */
export async function findKnown(
  storage: Storage,
  id: PoolId & { name: string },
  signal?: AbortSignal,
): Promise<StoredObject> {
  const known = (await storage.view(id, { maxAgeMs: maxLookAgeMs, signal })).byName(id.name);
  return known?.phase === "live" ? known : findLive(storage, id, signal);
}

/** The object a clone is made from. Throws UNSUPPORTED for another pool, NOT_FOUND for an absent one, PRECONDITION_FAILED for a damaged one. */
export async function resolveSource(
  storage: Storage,
  target: PoolId,
  id: string,
  signal?: AbortSignal,
): Promise<StoredObject> {
  const where = objectOf(id);
  if (formatPoolId(storage.canonical(where)) !== formatPoolId(storage.canonical(target))) {
    throw new KrStorageError(
      "UNSUPPORTED",
      `${id} is in another pool than ${formatPoolId(target)}; a clone is made in the pool of its source`,
      { target: id, issues: [{ path: "source", message: "is in another pool" }] },
    );
  }
  const source = await findKnown(storage, where, signal);
  const problem = healthProblem(source, id);
  if (problem)
    throw new KrStorageError("PRECONDITION_FAILED", `${problem}; nothing can be made from it`, { target: id });
  return source;
}

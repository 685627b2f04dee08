import type { DamagedRecord, StoredObject } from "../drivers/driver";
import { KrStorageError } from "../model/errors";
import { formatObjectId, formatPoolId, type ObjectId, type PoolId } from "../model/names";
import { objectOf } from "./arguments";
import { findLive } from "./find";
import { type ObjectInfo, objectInfo } from "./info";
import type { PoolView } from "./poolView";
import type { Storage } from "./storage";

/** Everything that a record and its backend say about one object. */
export interface ObjectDetails extends ObjectInfo {
  /** Why `status` is not ready, as a sentence. */
  problem?: string;
  /** What its data occupies on the backend; absent where the backend cannot tell. */
  allocatedBytes?: number;
  stackId?: string;
  createdBy: string;
  protection: boolean;
  consumers: { id: string; since: string }[];
  holds: { id: string; reason: string; since: string }[];
  /** Of a snapshot: the uid of what it was taken of. Of a clone: of what it was made from. */
  sourceUid?: string;
  consistency?: string;
  trashedAt?: string;
  revision: number;
}

/** A complete list of a pool. */
export interface PoolContents {
  /** The pool's id. */
  id: string;
  objects: ObjectDetails[];
  /** Records that cannot be read. Their objects are there; what they are is not known. */
  damaged: DamagedRecord[];
  /** The backend's clock when the list was taken, ms since 1970. */
  at: number;
}

/** Everything in a pool, the trash and what is damaged included. Complete, or an error. */
export async function poolContents(storage: Storage, pool: PoolId): Promise<PoolContents> {
  const view = await storage.view(pool, { maxAgeMs: 0 });
  const objects = view.all().map((object) => objectDetails({ ...pool, name: object.record.name }, object));
  objects.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return { id: formatPoolId(pool), objects, damaged: [...view.damaged], at: view.at };
}

/**
 * The live object of an id. Throws NOT_FOUND where there is none, and PRECONDITION_FAILED where there is one whose record cannot
 * be read: that one is neither gone nor known.
 */
export async function liveObject(storage: Storage, id: string): Promise<{ where: ObjectId; object: StoredObject }> {
  const where = objectOf(id);
  const view = await storage.view(where, { maxAgeMs: 0 });
  const object = view.byName(where.name);
  if (object?.phase === "live") return { where, object };
  refuseDamaged(view, where);
  return { where, object: await findLive(storage, where) };
}

function refuseDamaged(view: PoolView, where: ObjectId): void {
  const damaged = view.damagedByName(where.name);
  if (!damaged) return;
  throw new KrStorageError(
    "PRECONDITION_FAILED",
    `${formatObjectId(where)} (uid ${damaged.uid}) is damaged: ${damaged.problem}. Its data was not touched; check its pool, ${formatPoolId(where)}, with repair`,
    { target: formatObjectId(where) },
  );
}

export function objectDetails(id: ObjectId, object: StoredObject): ObjectDetails {
  const { record, problem, allocatedBytes } = object;
  const { stackId, sourceUid, consistency, trashedAt } = record;
  return {
    ...objectInfo(id, object),
    ...(problem === undefined ? {} : { problem }),
    ...(allocatedBytes === undefined ? {} : { allocatedBytes }),
    ...(stackId === undefined ? {} : { stackId }),
    createdBy: record.createdBy,
    protection: record.protection,
    consumers: record.consumers.map(({ id: name, since }) => ({ id: name, since })),
    holds: record.holds.map(({ id: name, reason, since }) => ({ id: name, reason, since })),
    ...(sourceUid === undefined ? {} : { sourceUid }),
    ...(consistency === undefined ? {} : { consistency }),
    ...(trashedAt === undefined ? {} : { trashedAt }),
    revision: record.revision,
  };
}

import type { RecordChange } from "../drivers/driver";
import { KrStorageError } from "../model/errors";
import { liveObject, type ObjectDetails, objectDetails } from "./contents";
import { poolRef, type Storage } from "./storage";

/** Which registered uses of an object are to be taken back. Without either, all of them. */
export interface Release {
  consumer?: string | undefined;
  hold?: string | undefined;
}
export interface Released {
  object: ObjectDetails;
  consumers: string[];
  holds: string[];
}

/**
 * Takes registered uses of an object back that nobody will take back any more: of a machine that is gone, of a backup that was
 * killed. What the backend itself sees using the object stays in its way. Throws NOT_FOUND for a use that is not registered.
 */
export async function releaseUses(storage: Storage, id: string, release: Release): Promise<Released> {
  const { where, object } = await liveObject(storage, id);
  const { record } = object;
  const isAll = release.consumer === undefined && release.hold === undefined;
  const consumers = record.consumers.filter((one) => isAll || one.id === release.consumer);
  const holds = record.holds.filter((one) => isAll || one.id === release.hold);
  requireFound(id, "consumer", release.consumer, consumers, record.consumers);
  requireFound(id, "hold", release.hold, holds, record.holds);
  const result = { consumers: consumers.map((one) => one.id), holds: holds.map((one) => one.id) };
  if (consumers.length + holds.length === 0) return { object: objectDetails(where, object), ...result };
  const change: RecordChange = {
    consumers: record.consumers.filter((one) => !consumers.includes(one)),
    holds: record.holds.filter((one) => !holds.includes(one)),
  };
  const match = { uid: record.uid, claim: record.claim, revision: record.revision };
  const released = await storage
    .backend(where.backend)
    .write(undefined, (driver, call) => driver.update(poolRef(where), match, change, call));
  await storage.note(where, (view) => view.put(released));
  return { object: objectDetails(where, released), ...result };
}

function requireFound(
  id: string,
  what: string,
  wanted: string | undefined,
  found: unknown[],
  all: { id: string }[],
): void {
  if (wanted === undefined || found.length > 0) return;
  const there = all.length === 0 ? "there is none" : `there are ${all.map((one) => one.id).join(", ")}`;
  throw new KrStorageError("NOT_FOUND", `${id} has no ${what} "${wanted}"; ${there}`, { target: id });
}

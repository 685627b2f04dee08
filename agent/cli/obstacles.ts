import type { Holder, StoredObject } from "../../provider/drivers/driver";
import { formatObjectId, type ObjectId, type PoolId } from "../../provider/model/names";
import type { PoolView } from "../../provider/storage/poolView";
import { showTime } from "./output/time";
import { seenHolders } from "./seenHolders";
import type { Session } from "./session";

/** One thing that keeps an object from being deleted. */
export interface Obstacle {
  /** What kind of thing, in two or three words. */
  what: string;
  /** Who or what it is. */
  who: string;
  details: string;
  /** The same as a sentence that begins with "it". */
  sentence: string;
}

interface Uses {
  consumers: { id: string; since: string }[];
  holds: { id: string; reason: string; since: string }[];
}

/** What keeps an object from being deleted or purged, as its record says. */
export function registeredUses({ consumers, holds }: Uses): Obstacle[] {
  return [
    ...consumers.map(({ id, since }) => ({
      what: "registered use",
      who: id,
      details: `since ${showTime(since)}`,
      sentence: `it is registered as used by ${id}`,
    })),
    ...holds.map(({ id, reason, since }) => ({
      what: "hold",
      who: id,
      details: `${reason}, since ${showTime(since)}`,
      sentence: `it is held by ${id}`,
    })),
  ];
}

/** Everything that would keep a live object from being deleted now, and what is seen using it. */
export async function obstaclesTo(
  session: Session,
  where: ObjectId,
  { record }: StoredObject,
): Promise<{ obstacles: Obstacle[]; seen: Holder[]; snapshots: string[] }> {
  const seen = await seenHolders(session, formatObjectId(where));
  const view = await session.storage.view(where, { maxAgeMs: 0 });
  const snapshots = stayingSnapshots(view, where, record.uid);
  const obstacles: Obstacle[] = [
    ...(record.protection ? [protectedFromDeletion] : []),
    ...registeredUses(record),
    ...seen.map(({ name, writes }) => ({
      what: writes ? "open for writing" : "open for reading",
      who: name,
      details: "on this machine",
      sentence: `it is in use by ${name}`,
    })),
    ...snapshots,
    ...beingMade(view, record.uid),
  ];
  return { obstacles, seen, snapshots: snapshots.map(({ who }) => who) };
}

const protectedFromDeletion: Obstacle = {
  what: "protection",
  who: "deletionProtection",
  details: "set it to false in the stack that declares it",
  sentence: "it is protected from deletion",
};

/** The live snapshots of an object that do not go into the trash with it: all but those of policies that nothing keeps. */
function stayingSnapshots(view: PoolView, pool: PoolId, uid: string): Obstacle[] {
  return view
    .all()
    .filter(({ record, phase }) => record.kind === "snapshot" && phase === "live" && record.sourceUid === uid)
    .filter(({ record }) => record.taken === undefined || isKept(view, record))
    .map(({ record }) => ({
      what: "snapshot",
      who: formatObjectId({ ...pool, name: record.name }),
      details: `live, of ${showTime(record.createdAt)}`,
      sentence: `it has the live snapshot ${record.name}`,
    }));
}

function isKept(view: PoolView, record: StoredObject["record"]): boolean {
  const isUsed = record.consumers.length > 0 || record.holds.length > 0 || record.protection;
  return isUsed || beingMade(view, record.uid).length > 0;
}

/** What is just being made from an object. */
function beingMade(view: PoolView, uid: string): Obstacle[] {
  return view
    .all()
    .filter(({ record, phase }) => phase === "creating" && record.sourceUid === uid)
    .map(({ record: { name } }) => ({
      what: "source",
      who: name,
      details: "is just being made from it",
      sentence: `${name} is just being made from it`,
    }));
}

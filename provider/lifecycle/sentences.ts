import type { StoredObject } from "../drivers/driver";

/** Sentences that more than one hook says. They are part of the product: what failed, on which object, and the ways out. */

/** An object that a state knows and its pool does not have. `found` is what the pool has under its uid or name in the trash. */
export function missingSentence(id: string, uid: string | undefined, found: StoredObject | undefined): string {
  const which = uid === undefined ? id : `${id} (uid ${uid})`;
  const again = `recreateIfMissing: "${uid ?? "<its uid, shown by pulumi refresh>"}" makes a new, empty one`;
  if (found?.phase === "trashed") {
    const { record } = found;
    return `${which} is missing: it is in the trash since ${record.trashedAt}, kept until ${record.expiresAt}. Ways out: krstorage undelete ${poolOf(id)} ${record.uid}, then set adopt: "${record.uid}" and run pulumi up; or ${again}; or take it out of the state (pulumi state delete)`;
  }
  return `${which} is missing from its pool, and making an empty one in its place could hide the loss. Ways out: restore it and refresh; or ${again}; or take it out of the state (pulumi state delete)`;
}

/** `backend/pool` of an object's id. */
function poolOf(id: string): string {
  return id.split("/").slice(0, 2).join("/");
}

/** A pool that a state knows and its backend does not have. It is not made again, so nothing that stands on it can be done. */
export function awaySentence(poolId: string): string {
  return `pool ${poolId} is not there: its marker is missing, and an empty folder is never taken for it. Mount its disk; or, if it is gone for good, take it and what was in it out of the state (pulumi state delete)`;
}

/** A setting of a pool that is decided when it is made. */
export function madeOtherwiseSentence(poolId: string, key: string): string {
  return `pool ${poolId} was made with another ceph.${key}, and that does not change: declare a second pool, make volumes in it from those of this one, then remove this one`;
}

/** Two resources of one deployment that want the same name. */
export function twiceSentence(what: string, owner: string, other: string): string {
  return `${what} is declared twice in this deployment: by ${owner} and by ${other}; give one of them another name`;
}

/** An object that another state has taken over. */
export function heldElsewhereSentence(what: string, uid: string): string {
  return `${what} (uid ${uid}) is held by another state now; to hold it here again, set adopt: "${uid}"`;
}

/** A change that only another object could have. */
export function replaceSentence(
  id: string,
  uid: string | undefined,
  from: unknown,
  to: unknown,
  given: unknown,
): string {
  const inert = given === undefined ? "" : ` allowDataLoss names "${String(given)}", which is not this object.`;
  const permission =
    uid === undefined ? "" : ` To give this one up (it goes to the trash of its pool), set allowDataLoss: "${uid}".`;
  return (
    `cannot change from ${show(from)} to ${show(to)}: ${id} holds data and would be replaced by another object.${inert} ` +
    `To keep the data, declare a second resource, copy into it (source), move its users over, then remove this one.${permission}`
  );
}

function show(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : (JSON.stringify(value) ?? "nothing");
}

import { newClaim } from "../drivers/record";
import { hasCode } from "../model/errors";
import type { ObjectId } from "../model/names";
import { type HeldObject, matchOf, releasedOwner } from "./claims";
import { maxLookAgeMs } from "./looks";
import { poolRef, type Storage } from "./storage";

/**
 * Lets a held object go (`reclaimPolicy: Retain`): it stays where it is with all its bytes, belongs to nobody, no policy
 * acts on it, and whoever names its uid may adopt it. Letting go what is gone succeeds.
 */
export async function releaseObject(
  storage: Storage,
  id: ObjectId,
  held: HeldObject,
  signal?: AbortSignal,
): Promise<"released" | "gone" | "superseded"> {
  for (let maxAgeMs = maxLookAgeMs; ; maxAgeMs = 0) {
    const view = await storage.view(id, { maxAgeMs, identity: held.poolIdentity, signal });
    const object = view.byUid(held.uid);
    if (object?.phase !== "live") return "gone";
    const { claim, owner } = object.record;
    if (claim !== held.claim) return "superseded";
    try {
      const change = { owner: releasedOwner(owner), claim: newClaim(), policies: [] };
      const released = await storage
        .backend(id.backend)
        .write(signal, (driver, call) => driver.update(poolRef(id, view), matchOf(object.record), change, call));
      await storage.note(id, (current) => current.put(released));
      return "released";
    } catch (error) {
      // What was observed may be old: once more from a new look, which also sees who holds it now
      if (maxAgeMs === 0 || !hasCode(error, "CONFLICT", "NOT_FOUND")) throw error;
    }
  }
}

import type { z } from "zod";
import type { Match, StoredObject } from "../drivers/driver";
import { newClaim, type ObjectRecord, type PolicyRecord, type PoolRecord } from "../drivers/record";
import { canonicalJson, sameInput } from "../model/kind";
import { kinds } from "../model/kinds";

/** What a state knows of an object. */
export interface HeldObject {
  uid: string;
  claim: string;
  poolIdentity: string;
}

/** The condition of a change: that the record is as it was seen. */
export function matchOf({ uid, claim, revision }: ObjectRecord | PolicyRecord): Match {
  return { uid, claim, revision };
}

const unheldPrefix = "unheld-";

/** The claim of an object that was brought back from the trash: no state knows it, so no stack holds the object. */
export function newUnheldClaim(): string {
  return unheldPrefix + newClaim();
}

export function isUnheld({ claim }: { claim: string }): boolean {
  return claim.startsWith(unheldPrefix);
}

/** Said to a stack of whose name an object is, when no stack holds it. */
export function unheldSentence(what: string, uid: string): string {
  return `${what} (uid ${uid}) was brought back from the trash, and no stack holds it since; to hold it again, set adopt: "${uid}" and run pulumi up`;
}

/** Who wants an object, and what it should be. */
export interface Wanted {
  owner: string;
  stackId?: string | undefined;
  /** Inputs as spelled, without labels, protection and permissions. */
  requested: Record<string, unknown>;
  labels: Record<string, string>;
  /** The uid that the user has allowed to be taken over. */
  adopt?: string | undefined;
}

/** An interrupted `up` without a stack id is told from a stranger by its age. */
const interruptedUpMs = 3600_000;

export type TakeOver = { how: "adopted" | "resumed" } | { refused: string };

/**
 * Whether an existing complete object may be taken over by who wants one of its name. The one place of this rule: check
 * says it in previews, create acts on it. `now` is the backend's clock.
 */
export function decideTakeOver(
  existing: ObjectRecord | PoolRecord,
  wanted: Wanted,
  what: string,
  now: number,
): TakeOver {
  if (wanted.adopt === existing.uid) return { how: "adopted" };
  const adoptHint = `to take it over as it is, set adopt: "${existing.uid}"`;
  const inert = wanted.adopt === undefined ? "" : ` (adopt names "${wanted.adopt}", which is not this object)`;
  const former = formerOwner(existing.owner);
  if (former !== undefined) {
    return {
      refused: `${what} exists already: ${former} let it go (reclaimPolicy: Retain), so it belongs to nobody (uid ${existing.uid})${inert}; choose another name, or ${adoptHint}`,
    };
  }
  if (existing.owner !== wanted.owner) {
    return {
      refused: `${what} exists already and belongs to ${existing.owner} since ${existing.createdAt} (uid ${existing.uid})${inert}; choose another name, or ${adoptHint}`,
    };
  }
  if (isUnheld(existing)) return { refused: `${unheldSentence(what, existing.uid)}${inert}` };
  const own = `${what} exists already: this stack's name owns it since ${existing.createdAt} (uid ${existing.uid}), but this state does not know it${inert}`;
  if (existing.kind !== "pool" && existing.consumers.length > 0) {
    return {
      refused: `${own}, and ${existing.consumers.map((consumer) => consumer.id).join(", ")} uses it; ${adoptHint}`,
    };
  }
  if (!isSameStack(existing, wanted, now)) {
    return { refused: `${own}: it may be another stack of the same name, or an older state of this one; ${adoptHint}` };
  }
  const difference = differingInput(existing, wanted);
  if (difference)
    return { refused: `${own}, and it was made with another ${difference}; declare it as it is, or ${adoptHint}` };
  return { how: "resumed" };
}

function isSameStack(existing: ObjectRecord | PoolRecord, wanted: Wanted, now: number): boolean {
  if (existing.stackId !== undefined && wanted.stackId !== undefined) return existing.stackId === wanted.stackId;
  if (existing.stackId !== wanted.stackId) return false;
  return now - Date.parse(existing.createdAt) < interruptedUpMs;
}

/** The first input in which what exists and what is wanted differ. */
function differingInput(existing: ObjectRecord | PoolRecord, wanted: Wanted): string | undefined {
  const schemas: Record<string, z.ZodType> = kinds[existing.kind].inputs;
  const keys = new Set([...Object.keys(existing.requested), ...Object.keys(wanted.requested)]);
  for (const key of [...keys].sort()) {
    if (!sameInput(schemas[key], existing.requested[key], wanted.requested[key])) return key;
  }
  return canonicalJson(existing.labels) === canonicalJson(wanted.labels) ? undefined : "labels";
}

const releasedPrefix = "released/";

/** The owner of what was let go: nobody, and who it was. */
export function releasedOwner(owner: string): string {
  return owner.startsWith(releasedPrefix) ? owner : releasedPrefix + owner;
}

/** Who let an object go, or undefined where somebody owns it. */
export function formerOwner(owner: string): string | undefined {
  return owner.startsWith(releasedPrefix) ? owner.slice(releasedPrefix.length) : undefined;
}

/** What is wrong with taking part in anything as this object, or undefined. */
export function healthProblem(object: StoredObject, what: string): string | undefined {
  if (object.health === "ready") return undefined;
  return `${what} is ${object.health}${object.problem ? `: ${object.problem}` : ""}`;
}

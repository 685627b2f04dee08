import type { StoredObject } from "../../provider/drivers/driver";
import { formatObjectId } from "../../provider/model/names";
import type { PoolLook } from "./look";
import { type ActingPolicy, type PolicyProblem, readClassPolicy } from "./policy";
import { ownRecords } from "./policyBook";

/** A policy and one of its targets that it may act on. */
export interface Acting {
  readonly policy: ActingPolicy;
  readonly target: StoredObject;
  /** `<backend>/<pool>/<name>`. */
  readonly id: string;
}

/** A target that its policy leaves alone, and why. */
export interface Skipped {
  readonly policy: ActingPolicy;
  readonly target: { readonly uid: string; readonly name: string };
  readonly id: string;
  readonly reason: string;
  /** It will be acted on again once an update of the stack has finished. */
  readonly isSuspended: boolean;
}

export interface Targets {
  readonly acting: Acting[];
  readonly skipped: Skipped[];
  /** Policies of classes that cannot be run. Those of records stand in the book. */
  readonly problems: PolicyProblem[];
}

const suspended = "suspended";

/** Who acts on what in one pool: a policy acts on a target only if its record and the target's say the same of both. */
export function targetsIn(look: PoolLook, policies: ReadonlyMap<string, ActingPolicy | PolicyProblem>): Targets {
  const found: Targets = { acting: [], skipped: [], problems: [] };
  const objects = new Map(look.listing.objects.map((object) => [object.record.uid, object]));
  const damaged = new Map(look.listing.damaged.map(({ uid, problem }) => [uid, problem]));
  for (const record of ownRecords(look)) {
    const policy = policies.get(record.uid);
    if (!policy || "problem" in policy || !policy.enabled) continue;
    for (const target of record.targets) {
      const object = objects.get(target.uid);
      const reason = reasonToSkip(policy, object, damaged.get(target.uid));
      if (object && reason === undefined) found.acting.push({ policy, target: object, id: idOf(look, object) });
      else found.skipped.push(skip(look, policy, object?.record ?? target, reason ?? "it is not there"));
    }
  }
  for (const object of look.listing.objects) addClassPolicy(look, object, found);
  return found;
}

function addClassPolicy(look: PoolLook, object: StoredObject, found: Targets): void {
  // A copied record carries the uid, and with it the policy, of what it was copied from
  if (object.phase !== "live" || object.record.kind === "snapshot") return;
  const policy = readClassPolicy(object);
  if (!policy) return;
  if ("problem" in policy) return void found.problems.push(policy);
  const reason = reasonToSkip(policy, object, undefined);
  if (reason === undefined) found.acting.push({ policy, target: object, id: idOf(look, object) });
  else found.skipped.push(skip(look, policy, object.record, reason));
}

function reasonToSkip(
  policy: ActingPolicy,
  object: StoredObject | undefined,
  damaged: string | undefined,
): string | undefined {
  if (damaged !== undefined) return `its record is damaged: ${damaged}`;
  if (!object) return "it is not in the pool any more";
  if (object.phase === "trashed" || object.phase === "purging") return "it is in the trash";
  if (object.phase === "creating") return "it is still being made";
  if (object.record.kind === "snapshot") return "it is a snapshot itself";
  if (object.health !== "ready") return `it is ${object.health}${object.problem ? `: ${object.problem}` : ""}`;
  const attached = object.record.policies?.find(({ uid }) => uid === policy.uid);
  if (!attached)
    return `${suspended}: the policy is not attached to it (it was undeleted, copied or adopted; the next update of the stack attaches it)`;
  if (attached.generation === policy.generation) return undefined;
  return `${suspended}: it knows generation ${attached.generation} of the policy, which is at ${policy.generation}; an update of the stack is under way, or was interrupted`;
}

function skip(look: PoolLook, policy: ActingPolicy, target: { uid: string; name: string }, reason: string): Skipped {
  const isSuspended = reason.startsWith(suspended);
  return { policy, target, id: formatObjectId({ ...look, name: target.name }), reason, isSuspended };
}

function idOf(look: PoolLook, object: StoredObject): string {
  return formatObjectId({ ...look, name: object.record.name });
}

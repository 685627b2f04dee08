import type { Listing, StoredObject } from "../../provider/drivers/driver";
import type { PlannedSnapshot } from "../../provider/retention";
import { parseSlotName } from "../../provider/retention";
import type { ActingPolicy } from "./policy";

/** A snapshot that a policy took of a target: both its name and its record say so. */
export interface OwnSnapshot {
  readonly object: StoredObject;
  readonly slot: string;
  /** The start of its slot, ms since 1970: what retention counts by. */
  readonly slotMs: number;
}

/** How many characters of a policy's uid stand in the names of its snapshots. */
const uidDigits = 6;
const longestPolicyName = 32;

/** The name among its target's snapshots: `nightly-3f9a1c-20261121t020000z`. */
export function snapshotNameOf(policy: Pick<ActingPolicy, "name" | "uid">, slot: string): string {
  return `${policy.name.slice(0, longestPolicyName)}-${policy.uid.slice(0, uidDigits)}-${slot}`;
}

/** The owner of the snapshots of a policy. It holds the uid, so a policy that is renamed keeps them. */
export function ownerOf(policyUid: string): string {
  return `policy/${policyUid}`;
}

/** The snapshots of one pool by target and policy, with one pass over its list. */
export class SnapshotIndex {
  /** By the uid of the target, then of the policy. Most targets are asked for in every run and many have none, so asking makes nothing. */
  private readonly byTarget = new Map<string, Map<string, OwnSnapshot[]>>();
  private readonly clonesOf = new Map<string, string[]>();

  constructor(listing: Listing) {
    for (const object of listing.objects) {
      const { kind, sourceUid, name } = object.record;
      if (kind === "snapshot") this.append(object);
      else if (sourceUid !== undefined) this.clonesOf.set(sourceUid, [...(this.clonesOf.get(sourceUid) ?? []), name]);
    }
  }

  /** Takes in a snapshot that has been made, or changed, since the list. */
  add(object: StoredObject): void {
    const { taken, sourceUid, uid } = object.record;
    if (taken === undefined || sourceUid === undefined) return;
    const others = this.listOf(taken.policy, sourceUid);
    const known = others.findIndex((other) => other.object.record.uid === uid);
    if (known !== -1) others.splice(known, 1);
    this.append(object);
  }

  /** What a policy took of a target, in the trash or not, from the newest slot to the oldest. */
  of(policyUid: string, targetUid: string): OwnSnapshot[] {
    return (this.byTarget.get(targetUid)?.get(policyUid) ?? []).toSorted((a, b) => b.slotMs - a.slotMs);
  }

  /** Those of all policies and targets, in no order. */
  all(): OwnSnapshot[] {
    return [...this.byTarget.values()].flatMap((policies) => [...policies.values()].flat());
  }

  private append(object: StoredObject): void {
    const { taken, sourceUid } = object.record;
    const own = readOwn(object);
    if (own && taken !== undefined && sourceUid !== undefined) this.listOf(taken.policy, sourceUid).push(own);
  }

  private listOf(policyUid: string, targetUid: string): OwnSnapshot[] {
    const policies = this.byTarget.get(targetUid) ?? new Map<string, OwnSnapshot[]>();
    const found = policies.get(policyUid) ?? [];
    if (found.length === 0) this.byTarget.set(targetUid, policies.set(policyUid, found));
    return found;
  }

  clones(snapshotUid: string): readonly string[] {
    return this.clonesOf.get(snapshotUid) ?? [];
  }
}

/** Ours only if name, owner and what it says of itself agree, and it is not a copy of one that is. */
function readOwn(object: StoredObject): OwnSnapshot | undefined {
  const { taken, owner, name } = object.record;
  if (taken === undefined || owner !== ownerOf(taken.policy) || object.health === "copied") return undefined;
  const start = parseSlotName(taken.slot);
  const isNamed = name.split("@")[1]?.endsWith(`-${taken.policy.slice(0, uidDigits)}-${taken.slot}`);
  return start && isNamed ? { object, slot: taken.slot, slotMs: start.getTime() } : undefined;
}

/** Whether its slot counts as taken: it is complete, or was and has been removed. */
export function isComplete({ object }: OwnSnapshot): boolean {
  return object.phase !== "creating";
}

/** Whether it is what was asked for: there, readable, and with applications held still where hooks are to do that. */
export function isGood(own: OwnSnapshot, policy: Pick<ActingPolicy, "hooks">): boolean {
  const { phase, health, record } = own.object;
  return phase === "live" && health === "ready" && (policy.hooks.length === 0 || record.consistency === "app");
}

/** As the retention plans with it. */
export function plannedSnapshot(own: OwnSnapshot, policy: ActingPolicy, index: SnapshotIndex): PlannedSnapshot {
  const { uid, protection, holds, consumers } = own.object.record;
  return {
    id: uid,
    time: own.slotMs,
    owner: policy.uid,
    good: isGood(own, policy),
    protected: protection,
    holds: [...holds.map(({ id, reason }) => `${id} (${reason})`), ...consumers.map(({ id }) => id)],
    clones: index.clones(uid),
  };
}

import { mostSnapshots } from "../../provider/model/pool";
import { nextRuns } from "../../provider/retention";
import type { CatchUp, Due } from "./dueSlot";
import { dueSlot, newestGood } from "./dueSlot";
import type { PoolLook } from "./look";
import { type OwnSnapshot, SnapshotIndex } from "./ownSnapshots";
import type { ActingPolicy } from "./policy";
import { snapshotLimit } from "./prunePlan";
import type { Prune, Take, TargetReport } from "./report";
import { slotTimes } from "./slotTimes";
import type { Acting, Skipped } from "./targets";

/** One policy and one of its targets on their way through a run. */
export interface Work {
  readonly acting: Acting;
  readonly due: Due;
  take: Take;
  prune?: Prune;
}

/** What is known of a pool during a run: its list, and what has been made since. */
export class PoolKnowledge {
  readonly index: SnapshotIndex;
  constructor(readonly look: PoolLook) {
    this.index = new SnapshotIndex(look.listing);
  }
  get nowMs(): number {
    return this.look.listing.at;
  }
  ownOf({ policy, target }: Acting): OwnSnapshot[] {
    return this.index.of(policy.uid, target.record.uid);
  }
}

/** What a target wants, decided from what is known. */
export function beginWork(acting: Acting, known: PoolKnowledge, catchUp: CatchUp): Work {
  const own = known.ownOf(acting);
  const due = dueSlot(acting.policy, createdMs(acting), own, known.nowMs, catchUp);
  return { acting, due, take: firstTake(acting, due, own, known) };
}

function firstTake(acting: Acting, due: Due, own: readonly OwnSnapshot[], known: PoolKnowledge): Take {
  if (due.state === "notDue") return { action: "notDue", reason: "no slot since the policy and its target were made" };
  const { slot } = due;
  if (due.state === "present") return { action: "present", slot };
  if (due.state === "missed")
    return { action: "missed", slot, reason: `${due.missed} slots were missed; they are not caught up` };
  const count = own.filter(({ object }) => object.phase === "live").length;
  const most = mostSnapshots(known.look.listing.pool.record.capabilities, acting.target.record.kind);
  const limit = snapshotLimit(acting.policy, count, most);
  if (count >= limit) {
    const reason = `it has ${count} snapshots of this policy, and ${limit} are the most; none is added until pruning works again`;
    return { action: "failed", slot, reason, code: "QUOTA_EXCEEDED" };
  }
  return {
    action: "planned",
    slot,
    ...(due.missed === 0 ? {} : { reason: `stands for ${due.missed} missed slots as well` }),
  };
}

/** Whether the slot that the target is in has its snapshot, so that pruning may follow. */
export function isTaken({ take }: Work): boolean {
  return take.action === "taken" || take.action === "present" || take.action === "planned";
}

/** What is told of a target in the end. */
export function reportOf({ acting, take, prune }: Work, known: PoolKnowledge): TargetReport {
  const { policy, target, id } = acting;
  const own = known.ownOf(acting);
  const good = newestGood(policy, own, known.nowMs);
  const overdueSinceMs = overdueSince(acting, good, known.nowMs);
  const failed = [take, prune].find((part) => part?.action === "failed");
  return {
    policy: summaryOf(policy),
    target: { uid: target.record.uid, id },
    status: failed ? "failed" : "ok",
    ...(failed?.reason === undefined ? {} : { reason: failed.reason }),
    take,
    ...(prune === undefined ? {} : { prune }),
    ...(good === undefined ? {} : { newestGoodMs: good.slotMs }),
    ...(overdueSinceMs === undefined ? {} : { overdueSinceMs }),
    sinceMs: Math.max(policy.sinceMs, createdMs(acting)),
    names: new Map(own.map(({ object }) => [object.record.uid, object.record.name])),
  };
}

export function reportSkipped({ policy, target, id, reason }: Skipped): TargetReport {
  return { policy: summaryOf(policy), target: { uid: target.uid, id }, status: "skipped", reason };
}

function summaryOf({ uid, name, schedule, timezone }: ActingPolicy): TargetReport["policy"] {
  return { uid, name, schedule, timezone };
}

function createdMs({ target }: Acting): number {
  return Date.parse(target.record.createdAt);
}

function overdueSince(acting: Acting, good: OwnSnapshot | undefined, nowMs: number): number | undefined {
  const { policy } = acting;
  const { latestMs } = slotTimes(policy, nowMs);
  const afterMs = good?.slotMs ?? Math.max(policy.sinceMs, createdMs(acting)) - 1;
  if (latestMs === undefined || latestMs <= afterMs) return undefined;
  return nextRuns(policy.schedule, { from: afterMs, timezone: policy.timezone })[0]?.getTime();
}

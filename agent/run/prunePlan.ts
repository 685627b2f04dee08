import { messageOf } from "../../provider/model/errors";
import { defaultMaxDeletes, planRetention, type RetentionPlan, simulate } from "../../provider/retention";
import { isComplete, type OwnSnapshot, plannedSnapshot, type SnapshotIndex } from "./ownSnapshots";
import type { ActingPolicy } from "./policy";
import type { Prune } from "./report";
import { slotsAfter } from "./slotTimes";

/** What a plan is made from. */
export interface PruneSituation {
  readonly policy: ActingPolicy;
  /** Everything that the policy took of the target, from the newest slot to the oldest. */
  readonly own: readonly OwnSnapshot[];
  readonly index: SnapshotIndex;
  /** In a dry run: the slot of the snapshot that a run would take first. */
  readonly upcoming?: { readonly slot: string; readonly slotMs: number };
  /** The backend's clock, ms since 1970. */
  readonly nowMs: number;
  /** By how much the backend's clock is ahead of the agent's, ms. */
  readonly skewMs: number;
  /** How many removals a preview has approved, beside the usual ones. */
  readonly approvedDeletes: number;
}

/** A plan, not carried out: `planned`, `nothing`, `refused` or `tripped`. */
export type PrunePlan = Prune & { readonly action: "planned" | "nothing" | "refused" | "tripped" };

export const longestSkewMs = 5 * 60_000;
/** A gap of more slots than this before the newest snapshot means that something was wrong; nothing is pruned right after that. */
const mostMissed = 3;

/** What is to be removed of one target now, or why nothing may be. Pure: the same snapshots give the same plan. */
export function planPrune(situation: PruneSituation): PrunePlan {
  const { policy, own, index, skewMs, upcoming } = situation;
  const live = own.filter(({ object }) => object.phase === "live").map((one) => plannedSnapshot(one, policy, index));
  if (upcoming) live.push({ id: upcoming.slot, time: upcoming.slotMs, owner: policy.uid });
  let plan: RetentionPlan;
  try {
    plan = planRetention(live, policy.retention, optionsOf(situation));
  } catch (error) {
    return { action: "refused", keep: [], remove: [], removed: [], reason: messageOf(error) };
  }
  const { keep, tripped } = plan;
  if (tripped) return { action: "tripped", keep, remove: tripped.wanted, removed: [], reason: tripped.message };
  if (plan.remove.length === 0) return { action: "nothing", keep, remove: [], removed: [] };
  const reason = skewProblem(skewMs) ?? gapProblem(situation);
  // The oldest first: what is left after an interruption has no hole in its recent part
  const remove = plan.remove.toReversed();
  return reason === undefined
    ? { action: "planned", keep, remove, removed: [] }
    : { action: "refused", keep, remove, removed: [], reason };
}

function optionsOf({ policy, nowMs, approvedDeletes }: PruneSituation) {
  const { uid, retention, schedule, timezone, keepAtLeast } = policy;
  const maxDeletes = policy.maxDeletes ?? defaultMaxDeletes(retention, schedule, { timezone });
  return {
    owner: uid,
    now: nowMs,
    timezone,
    keepAtLeast,
    maxDeletes,
    // The change and what would have gone anyhow meet in one run
    approvedDeletes: approvedDeletes === 0 ? 0 : approvedDeletes + maxDeletes,
  };
}

function skewProblem(skewMs: number): string | undefined {
  if (Math.abs(skewMs) <= longestSkewMs) return undefined;
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  return `the backend's clock is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} this machine's; set them right, then it goes on`;
}

/** Whether the newest snapshot before the one of this run is too old for pruning to be trusted. */
function gapProblem({ policy, own, upcoming, nowMs }: PruneSituation): string | undefined {
  const taken = own.filter((snapshot) => isComplete(snapshot) && snapshot.slotMs <= nowMs);
  const [newest, before] = upcoming ? [upcoming, ...taken] : taken;
  if (!newest || !before) return undefined;
  const missed = slotsAfter(policy, before.slotMs, newest.slotMs, mostMissed + 2);
  if (missed <= mostMissed) return undefined;
  return `the newest snapshot before this run, ${before.slot}, is more than ${mostMissed} intervals older; nothing is removed until the next one`;
}

/** Without pruning nothing is added for ever: above this many of one policy and target, taking stops. */
const usualLimit = 1000;
const limits = new Map<string, number>();

/** How many snapshots of one target a policy may have before it takes no more: its steady state twice, and at least 1,000. */
export function snapshotLimit(policy: ActingPolicy, count: number, maxSnapshots: number | undefined): number {
  const bearable = maxSnapshots ?? Number.POSITIVE_INFINITY;
  if (count < Math.min(usualLimit, bearable)) return Math.min(usualLimit, bearable);
  const { schedule, timezone, retention, keepAtLeast } = policy;
  const key = JSON.stringify([schedule, timezone, retention, keepAtLeast]);
  const usual =
    limits.get(key) ??
    2 *
      simulate(retention, schedule, { from: "2023-01-01T00:00:00Z", years: 2, timezone, keepAtLeast, mostRuns: 20_000 })
        .mostSnapshots;
  limits.set(key, usual);
  return Math.min(Math.max(usualLimit, usual), bearable);
}

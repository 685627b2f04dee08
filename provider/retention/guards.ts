import type { RetentionPolicy } from "./policy";
import type { RetentionSnapshot, Sorted } from "./snapshots";
import { judge, type Verdict } from "./survivors";
import type { Zone } from "./zone";

/** What a plan needs to know of a snapshot. */
export interface PlannedSnapshot extends RetentionSnapshot {
  /** The uid of the policy that took it. Absent: it was made by hand, and no policy touches it. */
  readonly owner?: string;
  /** Whether it is complete, of the consistency that was asked for, and its hooks went well. Default true. */
  readonly good?: boolean;
  /** Whether it is protected from deletion. */
  readonly protected?: boolean;
  /** Who holds it: a backup, a clone or an export that is reading it. */
  readonly holds?: readonly string[];
  /** What was cloned from it and still needs it. */
  readonly clones?: readonly string[];
}

/** A verdict after the guards: why it is kept, or, as one text, why it is removed. */
export type Guarded = Verdict;

/** Snapshots as the plan treats them. `verdicts` is of all, in their order; those not yet set are counted. */
export interface Parts {
  readonly sorted: Sorted<PlannedSnapshot>;
  readonly verdicts: (Guarded | undefined)[];
}

/** Sets apart what the policy does not count: snapshots of others, made by hand, or dated in the future. */
export function setApart(sorted: Sorted<PlannedSnapshot>, owner: string, nowMs: number | undefined): Parts {
  const verdicts = sorted.snapshots.map((snapshot, position): Guarded | undefined => {
    if (snapshot.owner === undefined) return ["not by a policy"];
    if (snapshot.owner !== owner) return [`by another policy, ${snapshot.owner}`];
    return nowMs !== undefined && (sorted.timesMs[position] as number) > nowMs ? ["dated in the future"] : undefined;
  });
  return { sorted, verdicts };
}

export interface GuardContext {
  readonly policy: RetentionPolicy;
  readonly zone: Zone;
  readonly nowMs: number | undefined;
  readonly keepAtLeast: number;
  readonly protectedIds: ReadonlySet<string>;
}

/** The verdict on every snapshot: the bare rule over what is counted, then the guards over what it would remove. */
export function guard({ sorted, verdicts }: Parts, context: GuardContext): Guarded[] {
  const counted = [...verdicts.keys()].filter((position) => verdicts[position] === undefined);
  const good = counted.filter((position) => isGood(sorted.snapshots[position] as PlannedSnapshot));
  const ruled = [...verdicts];
  // First as if all were good, then the good ones by themselves: a bad one never takes the place of a good one.
  const passes = good.length === counted.length ? [good] : [counted, good];
  for (const positions of passes) {
    for (const [n, verdict] of judge(pick(sorted, positions), context.policy, context.zone, context.nowMs).entries()) {
      const position = positions[n] as number;
      if (typeof ruled[position] !== "object") ruled[position] = verdict;
    }
  }
  keepNewestGood(ruled, good, context.keepAtLeast);
  return ruled.map((verdict, position) => {
    const snapshot = sorted.snapshots[position] as PlannedSnapshot;
    if (typeof verdict !== "string") return verdict as readonly string[];
    const reasons =
      good.length === 0 ? ["there is no good snapshot yet"] : reasonsToSpare(snapshot, context.protectedIds);
    return reasons.length > 0 ? reasons : isGood(snapshot) ? verdict : `${verdict}; and it is not good`;
  });
}

/** Keeps the newest good one, and further good ones from the newest back until `keepAtLeast` are kept. */
function keepNewestGood(verdicts: (Guarded | undefined)[], good: readonly number[], keepAtLeast: number): void {
  const newest = good[0];
  if (newest !== undefined && typeof verdicts[newest] === "string") verdicts[newest] = ["the newest good snapshot"];
  let kept = good.reduce((count, position) => count + (typeof verdicts[position] === "string" ? 0 : 1), 0);
  for (const position of good) {
    if (kept >= keepAtLeast) return;
    if (typeof verdicts[position] !== "string") continue;
    verdicts[position] = [`at least ${keepAtLeast} are kept`];
    kept++;
  }
}

function reasonsToSpare(snapshot: PlannedSnapshot, protectedIds: ReadonlySet<string>): string[] {
  const reasons: string[] = [];
  if (snapshot.protected || protectedIds.has(snapshot.id)) reasons.push("protected");
  if (snapshot.holds && snapshot.holds.length > 0) reasons.push(`held by ${snapshot.holds.join(", ")}`);
  if (snapshot.clones && snapshot.clones.length > 0) reasons.push(`cloned to ${snapshot.clones.join(", ")}`);
  return reasons;
}

function isGood(snapshot: PlannedSnapshot): boolean {
  return snapshot.good !== false;
}

function pick(sorted: Sorted<PlannedSnapshot>, positions: readonly number[]): Sorted<PlannedSnapshot> {
  if (positions.length === sorted.snapshots.length) return sorted;
  return {
    snapshots: positions.map((position) => sorted.snapshots[position] as PlannedSnapshot),
    timesMs: Float64Array.from(positions, (position) => sorted.timesMs[position] as number),
  };
}

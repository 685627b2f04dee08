import { slotName } from "../../provider/retention";
import { isComplete, isGood, type OwnSnapshot } from "./ownSnapshots";
import type { ActingPolicy } from "./policy";
import { slotsAfter, slotTimes } from "./slotTimes";

/** What is to be done about slots that went by while nobody ran the policy. */
export type CatchUp = "one" | "none";

/** What a target wants now. */
export type Due =
  | { readonly state: "notDue" }
  | { readonly state: "present"; readonly slot: string }
  /** `missed` slots went by before this one; one snapshot stands for them all. */
  | { readonly state: "due"; readonly slot: string; readonly missed: number }
  | { readonly state: "missed"; readonly slot: string; readonly missed: number };

/** Without catching up, a slot is taken only within this time from its start. */
const graceMs = 15 * 60_000;
/** Missed slots are counted, for people, no further than this. */
const mostCounted = 1000;

/**
 * The slot that a target is to have a snapshot of now. It is only ever the one that `nowMs` (the backend's clock) lies in: a snapshot
 * of an hour ago cannot be taken any more. Slots that began before the policy or its target was made are nobody's.
 */
export function dueSlot(
  policy: ActingPolicy,
  targetSinceMs: number,
  own: readonly OwnSnapshot[],
  nowMs: number,
  catchUp: CatchUp,
): Due {
  const { latestMs } = slotTimes(policy, nowMs);
  const sinceMs = Math.max(policy.sinceMs, targetSinceMs);
  if (latestMs === undefined || latestMs < sinceMs) return { state: "notDue" };
  const slot = slotName(latestMs);
  // Snapshots of later slots, from when the clock was ahead, do not stand for this one
  const taken = own.filter((snapshot) => isComplete(snapshot) && snapshot.slotMs <= latestMs);
  if (taken.some((snapshot) => snapshot.slotMs === latestMs)) return { state: "present", slot };
  const newestMs = taken[0]?.slotMs ?? sinceMs - 1;
  const missed = slotsAfter(policy, newestMs, latestMs, mostCounted) - 1;
  if (catchUp === "none" && nowMs - latestMs > graceMs) return { state: "missed", slot, missed: missed + 1 };
  return { state: "due", slot, missed };
}

/** The newest good snapshot, not counting what is dated in the future. */
export function newestGood(policy: ActingPolicy, own: readonly OwnSnapshot[], nowMs: number): OwnSnapshot | undefined {
  return own.find((snapshot) => snapshot.slotMs <= nowMs && isGood(snapshot, policy));
}

import type { PolicyRecord } from "../drivers/record";
import { snapshotPolicy } from "../model/snapshotPolicy";
import { applyRetention } from "../retention";
import type { PoolView } from "../storage/poolView";
import type { Properties } from "./lifecycle";

/**
 * How many snapshots of one target, at the most, the wanted retention gives up that the recorded one keeps. Zero while the
 * retention stays, or is not known yet. That many are approved for the next run by declaring the change.
 */
export function removedByChange(inputs: Properties, record: PolicyRecord, views: PoolView[]): number {
  const wanted = snapshotPolicy.inputs.retention.safeParse(inputs.retention).data;
  const current = snapshotPolicy.inputs.retention.safeParse(record.requested.retention).data;
  if (!wanted || !current || JSON.stringify(wanted) === JSON.stringify(current)) return 0;
  const timezone = typeof inputs.timezone === "string" ? inputs.timezone : "UTC";
  let most = 0;
  for (const snapshots of snapshotsByTarget(record.uid, views).values()) {
    const kept = new Set(applyRetention(snapshots, current, { timezone }).keep.map(({ id }) => id));
    const removed = applyRetention(snapshots, wanted, { timezone }).remove.filter(({ id }) => kept.has(id)).length;
    most = Math.max(most, removed);
  }
  return most;
}

export function approvalSentence(name: string, removed: number): string {
  return `the new retention of policy ${name} gives up as many as ${removed} snapshots of one target that the old one keeps; they go at its next run`;
}

/** The live snapshots that a policy has taken, by the uid of their target. */
function snapshotsByTarget(policyUid: string, views: PoolView[]): Map<string, { id: string; time: string }[]> {
  const byTarget = new Map<string, { id: string; time: string }[]>();
  for (const { record, phase } of views.flatMap((view) => view.all())) {
    if (phase !== "live" || record.taken?.policy !== policyUid || record.sourceUid === undefined) continue;
    const snapshots = byTarget.get(record.sourceUid) ?? [];
    snapshots.push({ id: record.uid, time: record.createdAt });
    byTarget.set(record.sourceUid, snapshots);
  }
  return byTarget;
}

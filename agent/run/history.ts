import type { JournalEntry } from "./journal";
import type { PoolLook } from "./look";
import { SnapshotIndex } from "./ownSnapshots";
import type { BackendReport } from "./report";

/** One snapshot that a policy took, as far as the backend still knows it, or this machine remembers it. */
export interface HistoryEntry {
  readonly uid: string;
  readonly slot: string;
  readonly policy: string;
  readonly target: string;
  readonly name: string;
  readonly takenAt: string;
  readonly takenBy: string;
  readonly consistency: string;
  /**
   * `live`, or when it was removed and until when it can be brought back. `reason` is why it stays, why the next run removes it, or why
   * it was removed; that last is known where it was done.
   */
  readonly fate:
    | { readonly state: "live"; readonly reason?: string }
    | { readonly state: "removed"; readonly at: string; readonly until: string; readonly reason?: string };
}

/** What policies have done in a pool, the newest slot first: what is there, and what lies in the trash still. */
export function historyOf(
  look: PoolLook,
  isWanted: (policy: { uid: string; name: string }) => boolean,
  reasons: ReadonlyMap<string, string>,
): HistoryEntry[] {
  const { listing } = look;
  const names = new Map(listing.policies.map(({ uid, name }) => [uid, name]));
  for (const { record } of listing.objects)
    if (record.settings?.policy) names.set(record.uid, record.settings.policy.name);
  return new SnapshotIndex(listing)
    .all()
    .flatMap(({ object, slot }): HistoryEntry[] => {
      const { record, phase } = object;
      const uid = record.taken?.policy ?? "";
      const name = names.get(uid) ?? uid;
      if (phase === "creating" || !isWanted({ uid, name })) return [];
      const [target = "", short = ""] = record.name.split("@");
      const { trashedAt, expiresAt } = record;
      const reason = reasons.get(record.uid);
      const why = reason === undefined ? {} : { reason };
      return [
        {
          uid: record.uid,
          slot,
          policy: name,
          target: `${look.id}/${target}`,
          name: short,
          takenAt: record.createdAt,
          takenBy: record.createdBy,
          consistency: record.consistency ?? "",
          fate:
            phase === "live"
              ? { state: "live", ...why }
              : { state: "removed", at: trashedAt ?? "", until: expiresAt ?? "", ...why },
        },
      ];
    })
    .sort((a, b) => (a.slot === b.slot ? (a.target < b.target ? -1 : 1) : a.slot < b.slot ? 1 : -1));
}

/** Why each snapshot stays or goes, by uid: what a dry run says of those that are there, and what is remembered of those that were removed. */
export function reasonsOf(dryRuns: readonly BackendReport[], journal: readonly JournalEntry[]): Map<string, string> {
  const reasons = new Map<string, string>();
  for (const { event, uid, reason } of journal)
    if (event === "removed" && uid !== undefined && reason !== undefined) reasons.set(uid, reason);
  for (const { prune } of dryRuns.flatMap(({ targets }) => targets)) {
    for (const { id, reasons: why } of prune?.keep ?? []) reasons.set(id, why.join("; "));
    for (const { id, reason } of prune?.remove ?? []) reasons.set(id, `goes with the next run: ${reason}`);
  }
  return reasons;
}

import type { PoolLook } from "./look";
import { SnapshotIndex } from "./ownSnapshots";

/** One snapshot that a policy took, as far as the backend still knows it. */
export interface HistoryEntry {
  readonly slot: string;
  readonly policy: string;
  readonly target: string;
  readonly name: string;
  readonly takenAt: string;
  readonly takenBy: string;
  readonly consistency: string;
  /** `live`, or when it was removed and until when it can be brought back. */
  readonly fate:
    | { readonly state: "live" }
    | { readonly state: "removed"; readonly at: string; readonly until: string };
}

/** What policies have done in a pool, the newest slot first: what is there, and what lies in the trash still. */
export function historyOf(
  look: PoolLook,
  isWanted: (policy: { uid: string; name: string }) => boolean,
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
      return [
        {
          slot,
          policy: name,
          target: `${look.id}/${target}`,
          name: short,
          takenAt: record.createdAt,
          takenBy: record.createdBy,
          consistency: record.consistency ?? "",
          fate:
            phase === "live" ? { state: "live" } : { state: "removed", at: trashedAt ?? "", until: expiresAt ?? "" },
        },
      ];
    })
    .sort((a, b) => (a.slot === b.slot ? (a.target < b.target ? -1 : 1) : a.slot < b.slot ? 1 : -1));
}

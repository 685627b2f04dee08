import { type Instant, instantMs } from "./instant";
import { type RetentionPolicy, readPolicy } from "./policy";
import { assertDistinct, type RetentionSnapshot, sortNewestFirst } from "./snapshots";
import { judge } from "./survivors";
import { openZone } from "./zone";

/** A snapshot that is kept, and why: "daily 2026-11-20", "oldest yearly 2014-08-08". */
export interface Kept {
  readonly id: string;
  readonly reasons: readonly string[];
}
/** A snapshot that is not kept, and why no rule keeps it. */
export interface Removed {
  readonly id: string;
  readonly reason: string;
}
/** Every snapshot exactly once, in `keep` or in `remove`; each from the newest to the oldest. */
export interface Retained {
  readonly keep: readonly Kept[];
  readonly remove: readonly Removed[];
}

export interface ApplyOptions {
  /** The IANA zone of days, weeks, months and years. Default "UTC"; never the host's. */
  readonly timezone?: string;
  /** What is newer is in the future and does not shift the window of `keepWithin…`; needed for `keepWithinFrom: "now"`. Default: nothing is. */
  readonly now?: Instant;
}

/**
 * The bare rule, which is restic's (`restic forget`): which snapshots a policy keeps. It protects nothing and an empty policy keeps
 * nothing; what acts is `planRetention`.
 *
 * Rules are OR-ed and each counts for itself, from the newest back. INVALID_ARGUMENT for a policy, a zone or a time that is none.
 */
export function applyRetention(
  snapshots: readonly RetentionSnapshot[],
  policy: RetentionPolicy,
  options: ApplyOptions = {},
): Retained {
  const read = readPolicy(policy);
  const zone = openZone(options.timezone ?? "UTC");
  const nowMs = options.now === undefined ? undefined : instantMs(options.now, "now");
  const order = sortNewestFirst(snapshots);
  const ids = snapshots.map(({ id }) => id);
  const keep: Kept[] = [];
  const remove: Removed[] = [];
  judge(snapshots, order, { policy: read, zone, nowMs }, (place, verdict) => {
    const id = ids[order.indexes[place] as number] as string;
    if (typeof verdict === "string") remove.push({ id, reason: verdict });
    else keep.push({ id, reasons: verdict });
  });
  assertDistinct(ids, keep, remove);
  return { keep, remove };
}

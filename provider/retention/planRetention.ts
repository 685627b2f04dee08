import { KrStorageError } from "../model/errors";
import { defaultKeepAtLeast } from "../model/snapshotPolicy";
import type { Kept, Removed } from "./applyRetention";
import { defaultMaxDeletes, fewestDeletes } from "./fuse";
import { guard, type PlannedSnapshot } from "./guards";
import { type Instant, instantMs } from "./instant";
import { type RetentionPolicy, readActingPolicy } from "./policy";
import { assertDistinct, type Order, sortNewestFirst } from "./snapshots";
import type { Verdict } from "./survivors";
import { openZone } from "./zone";

export interface PlanOptions {
  /** The uid of the policy. Only snapshots with this owner are counted, and only they can be removed. */
  readonly owner: string;
  /** When the plan is made, by the backend's clock. Snapshots from later than this are neither counted nor removed. */
  readonly now?: Instant;
  /** The IANA zone of days, weeks, months and years. Default "UTC"; never the host's. */
  readonly timezone?: string;
  /** Ids that are not to be removed, beside those that the snapshots themselves say. */
  readonly protected?: Iterable<string>;
  /** The fewest good snapshots of its own that the plan leaves. Default 3. */
  readonly keepAtLeast?: number;
  /** The fuse: how many snapshots one run may remove. Default: with `schedule`, twice what a run usually removes, at least 3; else 3. */
  readonly maxDeletes?: number;
  /** The policy's schedule: what the default of `maxDeletes` is worked out from. */
  readonly schedule?: string;
  /** How many a change of the retention was approved to remove. It raises the fuse for the run that carries the change out. */
  readonly approvedDeletes?: number;
}

/** Every snapshot exactly once, in `keep` or in `remove`, each from the newest to the oldest. */
export interface RetentionPlan {
  readonly keep: readonly Kept[];
  /** What to remove now. Empty when the fuse has tripped. */
  readonly remove: readonly Removed[];
  /** Set when more would have been removed than one run may. Then nothing is, and somebody is to be told. */
  readonly tripped?: FuseTrip;
}

export interface FuseTrip {
  /** How many one run may remove. */
  readonly limit: number;
  /** What it would have removed; `approvedDeletes` of that many lets it. */
  readonly wanted: readonly Removed[];
  readonly message: string;
}

/**
 * What a policy does to the snapshots of one target: the bare rule (`applyRetention`) and the guards around it. Pure: it removes nothing.
 *
 * - An empty policy is INVALID_ARGUMENT, as is a policy, a zone or a time that is none.
 * - Snapshots of other policies, and those made by hand, are neither counted nor removed; nor is what is dated in the future.
 * - Protected, held and cloned snapshots are counted, so that releasing one does not shift the rest, and never removed.
 * - Snapshots that are not good are never counted in the place of a good one, and kept as if they were.
 * - The newest good snapshot, and at least `keepAtLeast` good ones, stay. Nothing is removed while there is no good one.
 * - If more than `maxDeletes` would go, none does, and `tripped` says so.
 */
export function planRetention(
  snapshots: readonly PlannedSnapshot[],
  policy: RetentionPolicy,
  options: PlanOptions,
): RetentionPlan {
  const read = readActingPolicy(policy);
  const timezone = options.timezone ?? "UTC";
  const keepAtLeast = atLeast(options.keepAtLeast ?? defaultKeepAtLeast, 1, "keepAtLeast");
  const approved = atLeast(options.approvedDeletes ?? 0, 0, "approvedDeletes");
  const nowMs = options.now === undefined ? undefined : instantMs(options.now, "now");
  if (options.owner === "") throw new KrStorageError("INVALID_ARGUMENT", "owner is empty; it is the uid of the policy");

  const order = sortNewestFirst(snapshots);
  const protectedIds = new Set(options.protected);
  const guarding = { policy: read, zone: openZone(timezone), nowMs, owner: options.owner, keepAtLeast, protectedIds };
  const verdicts = guard(snapshots, order, guarding);
  const { keep, remove } = split(snapshots, order, verdicts);

  const usual =
    options.maxDeletes ??
    (options.schedule === undefined ? fewestDeletes : defaultMaxDeletes(read, options.schedule, { timezone }));
  const limit = Math.max(atLeast(usual, 1, "maxDeletes"), approved);
  if (remove.length <= limit) return { keep, remove };
  const message =
    `${remove.length} snapshots would be removed and one run may remove ${limit}, so none is; ` +
    `if that is right, approve ${remove.length}, or raise maxDeletes`;
  return {
    keep: split(snapshots, order, spareAll(verdicts, limit, remove.length)).keep,
    remove: [],
    tripped: { limit, wanted: remove, message },
  };
}

function split(
  snapshots: readonly PlannedSnapshot[],
  { indexes }: Order,
  verdicts: readonly Verdict[],
): { keep: Kept[]; remove: Removed[] } {
  const ids = snapshots.map(({ id }) => id);
  const keep: Kept[] = [];
  const remove: Removed[] = [];
  for (let place = 0; place < verdicts.length; place++) {
    const id = ids[indexes[place] as number] as string;
    const verdict = verdicts[place] as Verdict;
    if (typeof verdict === "string") remove.push({ id, reason: verdict });
    else keep.push({ id, reasons: verdict });
  }
  assertDistinct(ids, keep, remove);
  return { keep, remove };
}

function spareAll(verdicts: readonly Verdict[], limit: number, wanted: number): Verdict[] {
  const reasons = [`the fuse: ${wanted} would be removed, ${limit} may be`];
  return verdicts.map((verdict) => (typeof verdict === "string" ? reasons : verdict));
}

function atLeast(value: number, least: number, name: string): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new KrStorageError("INVALID_ARGUMENT", `${name} is ${value}; it is a whole number from ${least} on`, {
    issues: [{ path: name, message: `a whole number from ${least} on` }],
  });
}

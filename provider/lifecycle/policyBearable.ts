import type { StoredObject } from "../drivers/driver";
import type { PolicyRecord } from "../drivers/record";
import { mostSnapshots } from "../model/pool";
import { snapshotPolicy } from "../model/snapshotPolicy";
import { steadyState } from "../retention";
import { isAttached } from "../storage/policies";
import type { PoolView } from "../storage/poolView";
import type { Abilities } from "./abilities";
import { countedUpTo, snapshotsSentence } from "./capable";
import type { CheckFailure, CheckRequest, Context, Properties } from "./lifecycle";
import { hasUnknown } from "./unknown";

/** A target as a look has shown it; `what` is its id. */
interface BornBy {
  readonly index: number;
  readonly what: string;
  readonly view: PoolView | undefined;
  readonly abilities: Abilities;
  readonly object: StoredObject | undefined;
}

/** What a policy says of how many snapshots there will be. */
const saying = snapshotPolicy.inputs;

/**
 * Refuses a policy by which a target would have more snapshots than its pool bears of one object: its own when it has run for long, those
 * of the other policies that are known to act on the target, and those that people have made.
 */
export function checkBearable(
  { index, what, view, abilities, object }: BornBy,
  inputs: Properties,
  { owner, oldOwner }: CheckRequest,
  { plan }: Context,
): CheckFailure[] {
  const maxSnapshots = mostSnapshots(abilities.can, object?.record.kind);
  if (maxSnapshots === undefined || inputs.enabled === false || hasUnknown(inputs)) return [];
  const own = countOf(inputs, maxSnapshots);
  if (own === undefined) return [];
  const others = new Map(object && view ? actingOn(object, view, maxSnapshots) : []);
  // What this deployment declares is newer than what the backend has
  for (const [other, count] of plan.addSnapshots(what, owner, own)) others.set(other, count);
  for (const mine of [owner, oldOwner]) if (mine !== undefined) others.delete(mine);
  const byOthers = [...others.values()].reduce((sum, count) => sum + count, 0);
  const byHand = object && view ? madeByHand(object, view) : 0;
  if (own + byOthers + byHand <= maxSnapshots) return [];
  const beside = [
    ...(byOthers > 0 ? [`other policies to ${byOthers}`] : []),
    ...(byHand > 0 ? [`${byHand} are there beside them`] : []),
  ];
  const all = [`it would come to ${snapshotsSentence(own, maxSnapshots)} of ${what}`, ...beside].join(", ");
  return [
    {
      property: own > maxSnapshots || beside.length === 0 ? "retention" : `targets[${index}]`,
      reason: `${all}; pool ${abilities.poolId} bears at most ${maxSnapshots} of one object. Keep fewer, or use a pool that bears more`,
    },
  ];
}

/** The other policies that act on an object, its class's included, by owner. */
function actingOn(object: StoredObject, view: PoolView, maxSnapshots: number): [string, number][] {
  const { settings, policies, uid } = object.record;
  const attached = view.policies().filter((record) => isAttached(record, object));
  const counts = attached.map((record): [string, number] => [record.owner, recordedCount(record, maxSnapshots)]);
  const hasClassPolicy = settings?.policy !== undefined && policies?.some((attachment) => attachment.uid === uid);
  return hasClassPolicy ? [...counts, [uid, countOf(settings.policy as Properties, maxSnapshots) ?? 0]] : counts;
}

function recordedCount({ requested }: PolicyRecord, maxSnapshots: number): number {
  return requested.enabled === false ? 0 : (countOf(requested, maxSnapshots) ?? 0);
}

/** What a policy comes to; undefined where it cannot be read. */
function countOf({ schedule, retention, timezone, keepAtLeast }: Properties, maxSnapshots: number): number | undefined {
  const rules = saying.retention.safeParse(retention).data;
  const when = saying.schedule.safeParse(schedule).data;
  if (!rules || !when) return undefined;
  const zone = saying.timezone.safeParse(timezone).data;
  const least = saying.keepAtLeast.safeParse(keepAtLeast).data;
  return steadyState(rules, when, {
    upTo: countedUpTo(maxSnapshots),
    ...(zone === undefined ? {} : { timezone: zone }),
    ...(least === undefined ? {} : { keepAtLeast: least }),
  });
}

function madeByHand(object: StoredObject, view: PoolView): number {
  return view
    .all()
    .filter(({ record, phase }) => phase === "live" && record.sourceUid === object.record.uid)
    .filter(({ record }) => record.kind === "snapshot" && record.taken === undefined).length;
}

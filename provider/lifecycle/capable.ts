import { mostSnapshots } from "../model/pool";
import { steadyState } from "../retention";
import type { Abilities } from "./abilities";
import type { CheckFailure, Properties } from "./lifecycle";
import { classOf } from "./settings";
import { hasUnknown } from "./unknown";

/** What of the wishes for a volume or share its pool cannot fulfil. What it may be able to do is not refused. */
export function unmetWishes(word: string, inputs: Properties, abilities: Abilities): CheckFailure[] {
  const unmet = word === "share" ? unmetByShares(inputs, abilities) : unmetModes(inputs, abilities);
  return [...unmet, ...unmetByClassPolicy(word, inputs, abilities)];
}

/** The snapshot policy that comes with a class, where the pool cannot bear as many snapshots as that keeps. */
function unmetByClassPolicy(word: string, inputs: Properties, { poolId, can }: Abilities): CheckFailure[] {
  const maxSnapshots = mostSnapshots(can, word);
  const { schedule, retention, timezone } = classOf(inputs) ?? {};
  if (maxSnapshots === undefined || schedule === undefined || retention === undefined) return [];
  const count = steadyState(retention, schedule, { ...(timezone && { timezone }), upTo: countedUpTo(maxSnapshots) });
  if (count <= maxSnapshots) return [];
  return [
    {
      property: "volumeClass.retention",
      reason: `by its class it would come to ${snapshotsSentence(count, maxSnapshots)}, and pool ${poolId} bears at most ${maxSnapshots} of one object; keep fewer`,
    },
  ];
}

/** How far it is worth counting, for people to see how much too many they are. */
export function countedUpTo(maxSnapshots: number): number {
  return 10 * maxSnapshots + 1;
}
export function snapshotsSentence(count: number, maxSnapshots: number): string {
  return count < countedUpTo(maxSnapshots) ? `${count} snapshots` : `more than ${10 * maxSnapshots} snapshots`;
}

/** The access modes that are wanted, of its own or by its class, and that volumes of the pool cannot have. */
function unmetModes(inputs: Properties, { poolId, can: { accessModes: able } }: Abilities): CheckFailure[] {
  if (able === undefined) return [];
  const wanted = hasUnknown(inputs.accessModes) ? undefined : (inputs.accessModes as string[] | undefined);
  const modes = wanted ?? classOf(inputs)?.accessModes ?? [];
  const missing = modes.filter((mode) => !(able as string[]).includes(mode));
  if (missing.length === 0) return [];
  return [
    {
      property: wanted === undefined ? "volumeClass.accessModes" : "accessModes",
      reason: `volumes of pool ${poolId} cannot be ${missing.join(", ")}; they can be ${able.join(", ")}`,
    },
  ];
}

function unmetByShares(inputs: Properties, { poolId, can: { shareProtocols: served } }: Abilities): CheckFailure[] {
  if (served === undefined) return [];
  if (served.length === 0)
    return [{ property: "pool", reason: `pool ${poolId} takes no shares; use a pool that does` }];
  const { protocol } = inputs;
  if (typeof protocol !== "string" || served.includes(protocol)) return [];
  return [
    {
      property: "protocol",
      reason: `pool ${poolId} does not serve "${protocol}"; it serves ${served.join(", ")}`,
    },
  ];
}

/** Whether it is certain that nobody is kept out of a share of the pool by its `access`. */
export function ignoresAccess(protocol: string | undefined, { can: { shareProtocols } }: Abilities): boolean {
  return ["directory", "cephfs"].includes(protocol ?? shareProtocols?.[0] ?? "");
}

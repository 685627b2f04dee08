import type { CapacityFacts } from "../capacity";
import type { ClusterPool, Usage as ClusterUsage } from "./cluster";
import type { Place } from "./place";

/** What the cluster says of the room in a pool. */
export type Usage = Omit<CapacityFacts, "provisionedBytes">;

export interface Seen {
  usage: ClusterUsage;
  pools: ClusterPool[];
}

/** How much of the disks one byte of data takes: each of its copies, or its share of the parts that may be lost. */
export function rawPerByte(place: Place, copies: number): number {
  if (!place.dataPool) return copies;
  const { dataChunks, codingChunks } = place.dataPool;
  return (dataChunks + codingChunks) / dataChunks;
}

/** The room that a cluster has for data that is kept like this. */
export function roomFor(usage: ClusterUsage, place: Place, copies: number): Usage {
  const disks = (place.deviceClass === undefined ? undefined : usage.stats_by_class[place.deviceClass]) ?? usage.stats;
  const raw = rawPerByte(place, copies);
  return {
    totalBytes: Math.floor(disks.total_bytes / raw),
    freeBytes: Math.floor(disks.total_avail_bytes / raw),
    allocatedBytes: 0,
  };
}

/**
 * The room in one pool. `ownQuotaBytes` is a quota that stands for the pool's capacity, which counts by itself; any other is the
 * operator's, and is the most that the pool can hold.
 */
export function roomIn(
  seen: Seen,
  id: number,
  place: Place,
  settings: { copies: number; ownQuotaBytes?: number },
): Usage {
  const carrier = place.dataPool?.id ?? id;
  const described = seen.pools.find((pool) => pool.pool_id === carrier);
  const stats = seen.usage.pools.find((pool) => pool.id === carrier)?.stats;
  const room = roomFor(seen.usage, place, described?.size ?? settings.copies);
  const quota = described?.quota_max_bytes ?? 0;
  const stored = stats?.stored ?? 0;
  const isFull = seen.pools.some((pool) => (pool.pool_id === id || pool.pool_id === carrier) && isFlaggedFull(pool));
  const left = quota > 0 ? Math.max(0, quota - stored) : Number.POSITIVE_INFINITY;
  const isOwn = quota === settings.ownQuotaBytes;
  const free = Math.min(stats?.max_avail ?? room.totalBytes, room.freeBytes, isOwn ? Number.POSITIVE_INFINITY : left);
  return {
    totalBytes: quota > 0 && !isOwn ? Math.min(room.totalBytes, quota) : room.totalBytes,
    freeBytes: isFull || left === 0 ? 0 : free,
    // What others have in a pool that they share with us is not told apart; less than the truth promises less
    allocatedBytes: place.existing ? 0 : stored,
  };
}

/** The cluster lets nothing grow in it: its quota has been reached, or disks are full. */
function isFlaggedFull({ flags_names: flags }: ClusterPool): boolean {
  return flags.split(",").includes("full") || flags.split(",").includes("full_quota");
}

import { formatBytes } from "../model/quantity";
import type { PoolSettings } from "./record";

/** What a backend says about the room in a pool, in bytes. */
export interface CapacityFacts {
  /** Of the whole backend under the pool. */
  totalBytes: number;
  /** Not yet used by anyone. */
  freeBytes: number;
  /** What the pool's own data occupies now. May be less than the truth, never more. */
  allocatedBytes: number;
  /** What has been promised: live and trashed volumes, clones, and snapshots that are full copies. */
  provisionedBytes: number;
}

export interface Room {
  /** Kept free whatever happens. */
  reserveBytes: number;
  /** The most that may be promised in all. */
  limitBytes: number;
  /** What may still be promised. Never negative. */
  availableBytes: number;
}

/** Default reserve: the larger of 5 % and 1 GiB. */
const reserveShare = 0.05;
const reserveFloor = 2 ** 30;

/** How much may still be promised from a pool: what is promised must fit, unless the user allows overcommitment. */
export function roomIn(settings: PoolSettings, facts: CapacityFacts): Room {
  const reserveBytes = settings.reserveBytes ?? Math.max(Math.ceil(facts.totalBytes * reserveShare), reserveFloor);
  const usable = Math.max(0, facts.freeBytes + facts.allocatedBytes - reserveBytes);
  const base = settings.capacityBytes === undefined ? usable : Math.min(settings.capacityBytes, usable);
  const limitBytes = Math.floor(base * settings.maxOvercommit);
  const full = facts.freeBytes <= 0 || facts.freeBytes < reserveBytes;
  return { reserveBytes, limitBytes, availableBytes: full ? 0 : Math.max(0, limitBytes - facts.provisionedBytes) };
}

/** The sentence for a request that does not fit, or undefined if it does. `wantedBytes` may be the sum over a whole plan. */
export function shortageOf(wantedBytes: number, settings: PoolSettings, facts: CapacityFacts): string | undefined {
  const room = roomIn(settings, facts);
  if (wantedBytes <= room.availableBytes) return undefined;
  const limit =
    settings.capacityBytes === undefined
      ? "the backend's free space"
      : `its capacity of ${formatBytes(settings.capacityBytes)}`;
  return (
    `${formatBytes(wantedBytes)} more does not fit: ${formatBytes(room.availableBytes)} of ${formatBytes(room.limitBytes)} can still be promised ` +
    `(${formatBytes(facts.provisionedBytes)} promised, ${formatBytes(facts.freeBytes)} free, ${formatBytes(room.reserveBytes)} kept in reserve; limited by ${limit})`
  );
}

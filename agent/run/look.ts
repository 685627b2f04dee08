import type { Listing } from "../../provider/drivers/driver";
import { KrStorageError, messageOf } from "../../provider/model/errors";
import { formatPoolId } from "../../provider/model/names";
import type { BackendPort } from "./backendPort";

/** One list of one pool, and what the agent's own clock said meanwhile. */
export interface PoolLook {
  /** `<backend>/<pool>`. */
  readonly id: string;
  readonly backend: string;
  readonly pool: string;
  readonly listing: Listing;
  /** By how much the backend's clock is ahead of the agent's, ms. */
  readonly skewMs: number;
}

/** What could not be looked at, or done. */
export interface Failure {
  /** A backend or a pool, by name. */
  readonly where: string;
  readonly code: string;
  readonly message: string;
}

export interface BackendLook {
  readonly backend: string;
  readonly pools: readonly PoolLook[];
  /** The backend itself (then there are no pools), or some of its pools. */
  readonly failures: readonly Failure[];
  readonly isReachable: boolean;
}

/** Looks at every pool of a backend, with one list each. Never throws: one broken pool or backend is its own affair. */
export async function lookAtBackend(
  port: BackendPort,
  clock: { now(): number },
  signal?: AbortSignal,
): Promise<BackendLook> {
  try {
    const pools = await port.read(signal, (driver, call) => driver.listPools(call));
    const looks = await Promise.all(pools.map(({ record }) => lookAtPool(port, record.name, clock, signal)));
    return {
      backend: port.name,
      pools: looks.flatMap((look) => ("listing" in look ? [look] : [])),
      failures: looks.flatMap((look) => ("listing" in look ? [] : [look])),
      isReachable: true,
    };
  } catch (error) {
    return { backend: port.name, pools: [], failures: [failureOf(port.name, error)], isReachable: false };
  }
}

/** One list of one pool. */
export async function lookAtPool(
  port: BackendPort,
  pool: string,
  clock: { now(): number },
  signal?: AbortSignal,
): Promise<PoolLook | Failure> {
  const id = formatPoolId({ backend: port.name, pool });
  try {
    const beforeMs = clock.now();
    const listing = await port.read(signal, (driver, call) => driver.list({ name: pool }, call));
    return { id, backend: port.name, pool, listing, skewMs: skew(listing.at, beforeMs, clock.now()) };
  } catch (error) {
    return failureOf(id, error);
  }
}

/** How far an instant is outside of the time in which it must have been, ms: a slow list is no skew. */
function skew(atMs: number, beforeMs: number, afterMs: number): number {
  if (atMs < beforeMs) return atMs - beforeMs;
  return atMs > afterMs ? atMs - afterMs : 0;
}

export function failureOf(where: string, error: unknown): Failure {
  return {
    where,
    code: KrStorageError.isInstance(error) ? error.code : "INTERNAL",
    message: messageOf(error),
  };
}

import { roomIn } from "../drivers/capacity";
import type { StoredPool } from "../drivers/driver";
import { type PoolInfo, poolInfo } from "./info";
import type { Storage } from "./storage";

/** A pool with its room, in bytes. */
export interface PoolUse extends PoolInfo {
  /** The type of its backend. */
  driver: string;
  /** What the pool's own data occupies. */
  allocatedBytes: number;
  /** Kept free whatever happens. */
  reserveBytes: number;
  /** The most that may be promised in all. */
  limitBytes: number;
  owner: string;
  /** When the pool was deleted while its trash had not ended. */
  retiredAt?: string;
}

/** The pools that KRStorage made in a backend, by name. */
export async function poolsOf(storage: Storage, backendName: string): Promise<PoolUse[]> {
  const backend = storage.backend(backendName);
  const pools = await backend.read(undefined, (driver, call) => driver.listPools(call));
  return pools.map((pool) => poolUse(backend.name, backend.type, pool)).sort((a, b) => (a.id < b.id ? -1 : 1));
}

function poolUse(backend: string, driver: string, pool: StoredPool): PoolUse {
  const { record, capacity } = pool;
  const { reserveBytes, limitBytes } = roomIn(record.settings, capacity);
  return {
    ...poolInfo({ backend, pool: record.name }, pool),
    driver,
    allocatedBytes: capacity.allocatedBytes,
    reserveBytes,
    limitBytes,
    owner: record.owner,
    ...(record.retiredAt === undefined ? {} : { retiredAt: record.retiredAt }),
  };
}

/** Whether a backend would take a new pool: its folder, rights and file system are looked at, and nothing is made. */
export async function prospectOf(storage: Storage, backendName: string): Promise<{ freeBytes: number }> {
  const { freeBytes } = await storage
    .backend(backendName)
    .read(undefined, (driver, call) => driver.prospect("krstorage-doctor", call));
  return { freeBytes };
}

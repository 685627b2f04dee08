import { hasCode, KrStorageError } from "../../model/errors";
import { nameProblem } from "../../model/names";
import type { CapacityFacts } from "../capacity";
import type { PoolRef, StoredPool } from "../driver";
import { type PoolRecord, poolRecord } from "../record";
import { capacityOf } from "./capacity";
import { poolKey, requireWritable } from "./entry";
import type { Site } from "./site";
import { Table, type Transaction } from "./table";

/** A pool whose identity has been verified. */
export class OpenPool {
  constructor(
    readonly site: Site,
    readonly table: Table,
    readonly name: string,
  ) {}

  /** As messages name it. */
  get where(): string {
    return `${this.site.backend}/${this.name}`;
  }
  /** Its id in the cluster. */
  get id(): number {
    return this.table.pool;
  }
  now(): Promise<number> {
    return this.site.now(this.id);
  }

  /** The record of the pool as a transaction sees it. Throws UNAVAILABLE where it is not there any more, or is being removed. */
  header(transaction: Transaction): PoolRecord & { removing?: boolean } {
    const parsed = poolRecord.safeParse(transaction.get(poolKey));
    if (!parsed.success)
      throw new KrStorageError("UNAVAILABLE", `the records of pool ${this.where} are gone, or cannot be read`, {
        target: this.where,
      });
    return parsed.data;
  }
  /** As `header`, for those who are about to write. */
  writable(transaction: Transaction): PoolRecord {
    const { removing, ...record } = this.header(transaction);
    requireWritable(record, `pool ${this.where}`);
    if (removing === true)
      throw new KrStorageError("PRECONDITION_FAILED", `pool ${this.where} is being removed; nothing was changed`, {
        target: this.where,
      });
    return record;
  }
  /** What the cluster says of the room in it. */
  async usage(): Promise<Usage> {
    const { cluster } = this.site;
    const [usage, pools] = await Promise.all([cluster.usage(), cluster.pools()]);
    const replicas = pools.find((pool) => pool.pool_id === this.id)?.size ?? this.site.options.replicas;
    const quota = pools.find((pool) => pool.pool_id === this.id)?.quota_max_bytes ?? 0;
    const stats = usage.pools.find((pool) => pool.id === this.id)?.stats;
    const stored = stats?.stored ?? 0;
    const total = Math.floor(usage.stats.total_bytes / replicas);
    const free = Math.min(stats?.max_avail ?? total, Math.floor(usage.stats.total_avail_bytes / replicas));
    return {
      totalBytes: quota > 0 ? Math.min(total, quota) : total,
      freeBytes: quota > 0 ? Math.max(0, Math.min(free, quota - stored)) : free,
      allocatedBytes: stored,
    };
  }
  stored(transaction: Transaction, usage: Usage): StoredPool {
    const { removing: _, ...record } = this.header(transaction);
    return { record: structuredClone(record), capacity: capacityOf(transaction, usage) };
  }
  async read(): Promise<StoredPool> {
    const usage = await this.usage();
    return this.table.read((transaction) => this.stored(transaction, usage));
  }
}

export type Usage = Omit<CapacityFacts, "provisionedBytes">;

/** The pools of a backend. Names are looked up anew for every call: another pool may have the name by now. */
export class Pools {
  private readonly tables = new Map<number, Table>();

  constructor(readonly site: Site) {}

  table(id: number): Table {
    const table = this.tables.get(id) ?? new Table(this.site.cluster, id);
    this.tables.set(id, table);
    return table;
  }

  /** Undefined where there is none of ours, and no identity says that there must be. */
  async find(ref: PoolRef): Promise<OpenPool | undefined> {
    const problem = nameProblem(ref.name);
    const where = `${this.site.backend}/${ref.name}`;
    if (problem) throw new KrStorageError("INVALID_ARGUMENT", problem, { target: where });
    const id = await this.site.cluster.poolId(ref.name);
    const found = id === null ? undefined : new OpenPool(this.site, this.table(id), ref.name);
    const identity = found && (await this.identityIn(found));
    if (!found || identity === undefined) {
      if (ref.identity === undefined) return undefined;
      throw away(where, `pool ${ref.identity}`);
    }
    if (ref.identity !== undefined && ref.identity !== identity)
      throw new KrStorageError(
        "PRECONDITION_FAILED",
        `${where} is another pool (identity ${identity}) than the one that is known (${ref.identity}); to use it in that one's place, set acceptIdentity: "${identity}" on backend "${this.site.backend}"`,
        { target: where },
      );
    const expected = await identityOf(this.site, found.id);
    if (identity !== expected)
      throw new KrStorageError(
        "PRECONDITION_FAILED",
        `the records of ${where} were copied from another pool (identity ${identity}, this one is ${expected}); nothing was changed`,
        { target: where },
      );
    return found;
  }

  /** The identity that the records of a pool give it; undefined where it has none: it is somebody else's. */
  private async identityIn(pool: OpenPool): Promise<string | undefined> {
    try {
      return await pool.table.read((transaction) =>
        transaction.has(poolKey) ? pool.header(transaction).identity : undefined,
      );
    } catch (error) {
      if (!hasCode(error, "PERMISSION_DENIED")) throw error;
      // Our user may see into pools with our application alone, and that is as it should be
      const described = (await this.site.cluster.pools()).find(({ pool_id: id }) => id === pool.id);
      if (described && "krstorage" in described.application_metadata) throw error;
      return undefined;
    }
  }

  /** As `find`; UNAVAILABLE where it is not to be seen. */
  async require(ref: PoolRef): Promise<OpenPool> {
    const found = await this.find(ref);
    if (found) return found;
    throw away(`${this.site.backend}/${ref.name}`, "a pool that KRStorage made");
  }
}

/** Ids of pools are never given twice in a cluster, so this is one pool for ever. */
export async function identityOf(site: Site, pool: number): Promise<string> {
  return `${await site.cluster.fsid()}.${pool}`;
}

function away(where: string, what: string): KrStorageError {
  return new KrStorageError(
    "UNAVAILABLE",
    `there is no ${what} at ${where} in the cluster; was it renamed or removed there?`,
    {
      target: where,
    },
  );
}

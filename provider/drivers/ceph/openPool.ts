import { hasCode, KrStorageError } from "../../model/errors";
import { nameProblem } from "../../model/names";
import type { PoolRef, StoredPool } from "../driver";
import { poolRecord } from "../record";
import { capacityOf } from "./capacity";
import type { ClusterPool } from "./cluster";
import { poolKey, requireWritable } from "./entry";
import { type CephPoolRecord, placeOf } from "./place";
import { roomIn, type Usage } from "./poolRoom";
import { findRecoverable } from "./recoverTable";
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
  header(transaction: Transaction): CephPoolRecord {
    const parsed = poolRecord.safeParse(transaction.get(poolKey));
    if (!parsed.success) throw lostRecords(this.where);
    return parsed.data as CephPoolRecord;
  }
  /** As `header`, for those who are about to write. */
  writable(transaction: Transaction): CephPoolRecord {
    const { removing, ...record } = this.header(transaction);
    requireWritable(record, `pool ${this.where}`);
    if (removing !== undefined)
      throw new KrStorageError(
        "PRECONDITION_FAILED",
        `pool ${this.where} is being removed; nothing was changed. If nobody does that any more, remove it once more, or keep it with "krstorage fsck ${this.where} --repair"`,
        { target: this.where },
      );
    return record;
  }
  /** What the cluster says of the room in it. */
  async usage(): Promise<Usage> {
    const { cluster, options } = this.site;
    const [usage, pools, record] = await Promise.all([
      cluster.usage(),
      cluster.pools(),
      this.table.read((transaction) => this.header(transaction)),
    ]);
    const { ceph, capacityBytes } = record.settings;
    const ownQuota = ceph?.quota === true && capacityBytes !== undefined ? { ownQuotaBytes: capacityBytes } : {};
    return roomIn({ usage, pools }, this.id, placeOf(record), { copies: options.replicas, ...ownQuota });
  }
  stored(transaction: Transaction, usage: Usage): StoredPool {
    const { removing: _, quotaEnds: _ends, place: _place, ...record } = this.header(transaction);
    return { record: structuredClone(record), capacity: capacityOf(transaction, usage) };
  }
  async read(): Promise<StoredPool> {
    const usage = await this.usage();
    return this.table.read((transaction) => this.stored(transaction, usage));
  }
}

export type { Usage } from "./poolRoom";

/** The pools of a backend. Names are looked up anew for every call: another pool may have the name by now. */
export class Pools {
  private readonly tables = new Map<number, Table>();

  constructor(readonly site: Site) {}

  table(id: number): Table {
    const { cluster, env } = this.site;
    const table = this.tables.get(id) ?? new Table(cluster, id, (message) => env.log.warn(message));
    this.tables.set(id, table);
    return table;
  }

  /** Undefined where there is none of ours, and no identity says that there must be. With `at`, the pool of that number, whatever its name. */
  async find(ref: PoolRef, at?: number): Promise<OpenPool | undefined> {
    const problem = nameProblem(ref.name);
    const where = `${this.site.backend}/${ref.name}`;
    if (problem) throw new KrStorageError("INVALID_ARGUMENT", problem, { target: where });
    const id = at ?? (await this.site.cluster.poolId(ref.name));
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
      const identity = await pool.table.read((transaction) =>
        transaction.has(poolKey) ? pool.header(transaction).identity : undefined,
      );
      if (identity === undefined && (await findRecoverable(this, pool.id))) throw lostRecords(pool.where);
      return identity;
    } catch (error) {
      if (!hasCode(error, "PERMISSION_DENIED")) throw error;
      // Our user may see into pools with our application alone, and that is as it should be
      const seen = await described(this.site, pool.id);
      if (seen && "krstorage" in seen.application_metadata) throw error;
      return undefined;
    }
  }

  /** As `find`; UNAVAILABLE where it is not to be seen. */
  async require(ref: PoolRef, at?: number): Promise<OpenPool> {
    const found = await this.find(ref, at);
    if (found) return found;
    throw away(`${this.site.backend}/${ref.name}`, "a pool that KRStorage made");
  }
}

/** How the cluster describes a pool now, its name among it; undefined where it has ended. */
export async function described({ cluster }: Site, pool: number): Promise<ClusterPool | undefined> {
  return (await cluster.pools()).find(({ pool_id: id }) => id === pool);
}

/** Ids of pools are never given twice in a cluster, so this is one pool for ever. */
export async function identityOf(site: Site, pool: number): Promise<string> {
  return `${await site.cluster.fsid()}.${pool}`;
}

export function lostRecords(where: string): KrStorageError {
  return new KrStorageError(
    "UNAVAILABLE",
    `the records of pool ${where} are lost, or cannot be read; "krstorage fsck ${where} --repair" restores them from their second copy`,
    { target: where },
  );
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

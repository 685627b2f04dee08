import type { Prospect } from "../drivers/driver";
import type { ObjectRecord, PoolSettings } from "../drivers/record";

/** A pool that this deployment declares. */
export interface PlannedPool {
  owner: string;
  settings: PoolSettings;
  /** Of one that is still to be made, where its backend told. */
  prospect?: Prospect | undefined;
}

/** What the deployment under way is going to make, as far as its resources have been checked. Lives as long as the process. */
export class Plan {
  private readonly pools = new Map<string, PlannedPool>();
  private readonly names = new Map<string, string>();
  private readonly kinds = new Map<string, ObjectRecord["kind"]>();
  private readonly said = new Set<string>();
  private readonly sizes = new Map<string, number>();
  private readonly placements = new Map<string, string>();
  private readonly snapshots = new Map<string, Map<string, number>>();
  private readonly bytes = new Map<string, Map<string, number>>();

  addPool(poolId: string, pool: PlannedPool): void {
    this.pools.set(poolId, pool);
  }
  pool(poolId: string): PlannedPool | undefined {
    return this.pools.get(poolId);
  }

  /** Notes that `owner` wants the name, for an object of that kind. Returns another owner that wants it too. */
  addName(id: string, owner: string, kind?: ObjectRecord["kind"]): string | undefined {
    const other = this.names.get(id);
    if (other !== undefined && other !== owner) return other;
    this.names.set(id, owner);
    if (kind !== undefined) this.kinds.set(id, kind);
    return undefined;
  }
  /** What is going to be made under that id. */
  kind(id: string): ObjectRecord["kind"] | undefined {
    return this.kinds.get(id);
  }
  /** Whether something has not been said yet; it counts as said from now on. */
  isNews(sentence: string): boolean {
    if (this.said.has(sentence)) return false;
    this.said.add(sentence);
    return true;
  }
  /** Whether something of that id is going to be made. */
  hasName(id: string): boolean {
    return this.names.has(id);
  }

  /** Notes the pool that was chosen for what `owner` declares. */
  place(owner: string, poolId: string): void {
    this.placements.set(owner, poolId);
  }
  placement(owner: string): string | undefined {
    return this.placements.get(owner);
  }

  /** Notes the size of what is going to be made, for what is made from it. */
  setSize(id: string, sizeBytes: number): void {
    this.sizes.set(id, sizeBytes);
  }
  size(id: string): number | undefined {
    return this.sizes.get(id);
  }

  /** Notes how many snapshots of a target the policy of `owner` comes to. Returns what is noted of all policies, by owner. */
  addSnapshots(targetId: string, owner: string, count: number): ReadonlyMap<string, number> {
    const target = this.snapshots.get(targetId) ?? new Map<string, number>();
    this.snapshots.set(targetId, target);
    return target.set(owner, count);
  }

  /** Notes that `owner` is going to take `bytes` more from the pool. Returns the sum over the whole plan. */
  addBytes(poolId: string, owner: string, bytes: number): number {
    const pool = this.bytes.get(poolId) ?? new Map<string, number>();
    this.bytes.set(poolId, pool);
    pool.set(owner, bytes);
    let sum = 0;
    for (const each of pool.values()) sum += each;
    return sum;
  }
  /** What others than `owner` are going to take from the pool. */
  bytesOfOthers(poolId: string, owner: string): number {
    let sum = 0;
    for (const [other, bytes] of this.bytes.get(poolId) ?? []) if (other !== owner) sum += bytes;
    return sum;
  }
  /** What `owner` planned has been done, so the pool itself accounts for it now. */
  doneBytes(poolId: string, owner: string): void {
    this.bytes.get(poolId)?.delete(owner);
  }
}

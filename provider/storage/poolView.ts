import type { DamagedRecord, Listing, StoredObject, StoredPool } from "../drivers/driver";
import type { PolicyRecord } from "../drivers/record";

/** One complete list of a pool, indexed, with what this process has written since put in. */
export class PoolView {
  readonly at: number;
  private currentPool: StoredPool;
  private readonly objects = new Map<string, StoredObject>();
  private readonly names = new Map<string, string>();
  private readonly owners = new Map<string, Set<string>>();
  private readonly damagedRecords: DamagedRecord[];
  private readonly policyRecords = new Map<string, PolicyRecord>();

  constructor(listing: Listing) {
    this.at = listing.at;
    this.currentPool = { ...listing.pool, capacity: { ...listing.pool.capacity } };
    this.damagedRecords = listing.damaged;
    for (const object of listing.objects) this.index(object);
    for (const policy of listing.policies) this.policyRecords.set(policy.uid, policy);
  }

  get pool(): StoredPool {
    return this.currentPool;
  }
  get damaged(): readonly DamagedRecord[] {
    return this.damagedRecords;
  }
  /** The policies that have, or had, targets in the pool. */
  policies(): PolicyRecord[] {
    return [...this.policyRecords.values()];
  }
  policy(uid: string): PolicyRecord | undefined {
    return this.policyRecords.get(uid);
  }
  all(): StoredObject[] {
    return [...this.objects.values()];
  }
  byUid(uid: string): StoredObject | undefined {
    return this.objects.get(uid);
  }
  /** What has the name now: live, or being created. */
  byName(name: string): StoredObject | undefined {
    const uid = this.names.get(name);
    return uid === undefined ? undefined : this.objects.get(uid);
  }
  damagedByName(name: string): DamagedRecord | undefined {
    return this.damagedRecords.find((record) => record.name === name);
  }
  liveOf(owner: string): StoredObject | undefined {
    return this.of(owner).find((object) => object.phase === "live");
  }
  /** The newest object of that owner and name in the trash. */
  trashed(owner: string, name: string): StoredObject | undefined {
    return this.of(owner)
      .filter((object) => object.phase === "trashed" && object.record.name === name)
      .sort((a, b) => ((a.record.trashedAt ?? "") < (b.record.trashedAt ?? "") ? 1 : -1))[0];
  }

  /** Puts in what has just been written. A reply that was overtaken by a later one is left out. */
  put(object: StoredObject): void {
    const known = this.objects.get(object.record.uid);
    if (known && known.record.revision > object.record.revision) return;
    this.remove(object.record.uid);
    this.index(object);
    this.currentPool.capacity.provisionedBytes += this.promised(object);
  }
  remove(uid: string): void {
    const object = this.objects.get(uid);
    if (!object) return;
    this.objects.delete(uid);
    this.owners.get(object.record.owner)?.delete(uid);
    this.currentPool.capacity.provisionedBytes -= this.promised(object);
    if (this.names.get(object.record.name) === uid) this.names.delete(object.record.name);
  }
  putPolicy(policy: PolicyRecord): void {
    const known = this.policyRecords.get(policy.uid);
    if (!known || known.revision <= policy.revision) this.policyRecords.set(policy.uid, policy);
  }
  removePolicy(uid: string): void {
    this.policyRecords.delete(uid);
  }
  putPool(pool: StoredPool): void {
    this.currentPool = { ...pool, capacity: { ...pool.capacity } };
  }

  private index(object: StoredObject): void {
    const { uid, owner } = object.record;
    this.objects.set(uid, object);
    this.owners.set(owner, (this.owners.get(owner) ?? new Set()).add(uid));
    if (object.phase === "live" || object.phase === "creating") this.names.set(object.record.name, object.record.uid);
  }
  private of(owner: string): StoredObject[] {
    return [...(this.owners.get(owner) ?? [])].flatMap((uid) => this.objects.get(uid) ?? []);
  }
  private promised(object: StoredObject): number {
    const shared = object.record.kind === "snapshot" && this.currentPool.record.capabilities.copyOnWrite;
    return shared ? 0 : object.actualSizeBytes;
  }
}

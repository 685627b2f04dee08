import { z } from "zod";
import type { CapacityFacts } from "../../../provider/drivers/capacity";
import type {
  DamagedRecord,
  Driver,
  DriverType,
  Finding,
  Holder,
  Listing,
  Match,
  NewObject,
  NewPolicy,
  NewPool,
  PolicyChange,
  PoolChange,
  PoolRef,
  Prospect,
  Purge,
  RecordChange,
  StoredObject,
  StoredPool,
  Undelete,
} from "../../../provider/drivers/driver";
import { formatVersion, type ObjectRecord, type PolicyRecord, type PoolRecord } from "../../../provider/drivers/record";
import { type ErrorCode, KrStorageError } from "../../../provider/model/errors";
import type { Image } from "../../../provider/model/image";
import type { PoolCapabilities } from "../../../provider/model/pool";

const gib = 2 ** 30;

interface FakePool {
  record: PoolRecord;
  objects: Map<string, StoredObject>;
  policies: Map<string, PolicyRecord>;
  damaged: DamagedRecord[];
}

/** What a fake backend keeps. It outlives the drivers opened on it, as a disk outlives processes. */
export class FakeDisk {
  readonly pools = new Map<string, FakePool>();
  /** How often each method was called. */
  readonly calls: Record<string, number> = {};
  /** Called before every method; what it throws, the method throws. */
  before: (method: string) => void | Promise<void> = () => undefined;
  /** Changes what a create or grow stores, as a backend would that does not do what it was told. */
  tamper: (object: StoredObject) => StoredObject = (object) => object;
  now = Date.UTC(2031, 0, 1, 12);
  totalBytes = 100 * gib;
  freeBytes = 100 * gib;
  copyOnWrite = true;
  onlineSnapshot: "none" | "crash" = "crash";
  capabilities: Partial<PoolCapabilities> = {
    accessModes: ["ReadWriteOnce", "ReadOnlyMany"],
    qos: "consumer",
    shareProtocols: ["directory", "nfs"],
    shareQuota: "advisory",
    shareSnapshot: "offline",
  };
  /** The keys of objects, by their uids. */
  readonly keys = new Map<string, string>();
  /** What it tells of a pool that is still to be made, beside its room. */
  prospect: Partial<Prospect> = {};
  /** What its pools stand on. */
  medium: string | undefined;
  holders: Holder[] = [];
  /** Files that volumes can be made from, with their sizes. */
  readonly images = new Map<string, number>();
  closed = 0;

  pool(name: string): FakePool {
    const pool = this.pools.get(name);
    if (!pool) throw new Error(`the test has no pool ${name}`);
    return pool;
  }
  /** The live object of a name. Throws if there is none. */
  live(pool: string, name: string): StoredObject {
    const found = [...this.pool(pool).objects.values()].find(
      (object) => object.record.name === name && object.phase === "live",
    );
    if (!found) throw new Error(`the test has no live ${name}`);
    return found;
  }
  edit(pool: string, name: string, change: Partial<ObjectRecord>): void {
    const object = this.live(pool, name);
    this.pool(pool).objects.set(object.record.uid, { ...object, record: { ...object.record, ...change } });
  }
  /** Removes an object behind everybody's back. */
  lose(pool: string, name: string): void {
    this.pool(pool).objects.delete(this.live(pool, name).record.uid);
  }
  facts(pool: FakePool | undefined): CapacityFacts {
    const counted = [...(pool?.objects.values() ?? [])].filter(
      ({ record }) => record.kind !== "snapshot" || !this.copyOnWrite,
    );
    const provisionedBytes = counted.reduce((sum, object) => sum + object.actualSizeBytes, 0);
    return { totalBytes: this.totalBytes, freeBytes: this.freeBytes, allocatedBytes: 0, provisionedBytes };
  }
}

/** A driver type of that name on a fake disk. */
export function fakeDriverType(disk: FakeDisk, type = "fake"): DriverType {
  return {
    type,
    options: z.object({
      path: z
        .string()
        .refine((path) => path.startsWith("/"), { error: 'expected an absolute path, such as "/srv/storage"' })
        .optional(),
      password: z.string().min(8).meta({ secret: true }).optional(),
    }),
    open: () => new FakeDriver(disk, type),
  };
}

class FakeDriver implements Driver {
  constructor(
    private readonly disk: FakeDisk,
    readonly type: string,
  ) {}

  async listPools(): Promise<StoredPool[]> {
    await this.begin("listPools");
    return [...this.disk.pools.values()].map((pool) => this.stored(pool));
  }
  async readPool(ref: PoolRef): Promise<StoredPool | undefined> {
    await this.begin("readPool");
    const pool = this.disk.pools.get(ref.name);
    if (!pool && ref.identity !== undefined) throw fail("UNAVAILABLE", `no marker of pool ${ref.name}`);
    return pool && this.stored(this.find(ref));
  }
  async prospect(): Promise<Prospect> {
    await this.begin("prospect");
    return { ...this.disk.facts(undefined), ...this.disk.prospect };
  }
  async createPool(pool: NewPool): Promise<StoredPool> {
    await this.begin("createPool");
    if (this.disk.pools.has(pool.name)) throw fail("ALREADY_EXISTS", `pool ${pool.name} exists`);
    const record: PoolRecord = {
      ...pool,
      formatVersion,
      kind: "pool",
      createdBy: "test",
      createdAt: this.time(),
      revision: 1,
      identity: `identity-of-${pool.name}`,
      capabilities: {
        copyOnWrite: this.disk.copyOnWrite,
        onlineSnapshot: this.disk.onlineSnapshot,
        trash: true,
        ...this.disk.capabilities,
      },
    };
    const made: FakePool = { record, objects: new Map(), policies: new Map(), damaged: [] };
    this.disk.pools.set(pool.name, made);
    return this.stored(made);
  }
  async updatePool(ref: PoolRef, match: Match, change: PoolChange): Promise<StoredPool> {
    await this.begin("updatePool");
    const pool = this.find(ref);
    verify(pool.record, match);
    pool.record = { ...pool.record, ...withoutUndefined(change), revision: pool.record.revision + 1 };
    if ("retiredAt" in change) delete pool.record.retiredAt;
    return this.stored(pool);
  }
  async removePool(ref: PoolRef, match: Match): Promise<"removed" | "retired" | "gone"> {
    await this.begin("removePool");
    const pool = this.find(ref);
    verify(pool.record, match);
    const phases = [...pool.objects.values()].map((object) => object.phase);
    if (phases.includes("live")) throw fail("IN_USE", `pool ${ref.name} holds live objects`);
    if (phases.length > 0) {
      pool.record = { ...pool.record, retiredAt: this.time() };
      return "retired";
    }
    this.disk.pools.delete(ref.name);
    return "removed";
  }

  async list(ref: PoolRef): Promise<Listing> {
    await this.begin("list");
    const pool = this.find(ref);
    return {
      pool: this.stored(pool),
      objects: [...pool.objects.values()],
      policies: [...pool.policies.values()],
      damaged: [...pool.damaged],
      at: this.disk.now,
    };
  }
  async inspectImage(_ref: PoolRef, image: Image): Promise<{ sizeBytes: number }> {
    await this.begin("inspectImage");
    const sizeBytes = this.disk.images.get(image.path);
    if (sizeBytes === undefined) throw fail("NOT_FOUND", `there is no file ${image.path} on the backend's host`);
    return { sizeBytes };
  }
  async create(ref: PoolRef, object: NewObject): Promise<StoredObject> {
    await this.begin("create");
    const pool = this.find(ref);
    if (liveOf(pool, object.name)) throw fail("ALREADY_EXISTS", `${object.name} exists`);
    const { sourceUid } = object;
    if (sourceUid !== undefined && pool.objects.get(sourceUid)?.phase !== "live")
      throw fail("NOT_FOUND", `the source (uid ${sourceUid}) is not in the pool`);
    const { sizeBytes: asked, ...fields } = object;
    const sizeBytes = asked ?? (pool.objects.get(object.sourceUid ?? "")?.record.sizeBytes as number);
    const record: ObjectRecord = {
      ...fields,
      formatVersion,
      sizeBytes,
      createdBy: "test",
      createdAt: this.time(),
      revision: 1,
      self: object.uid,
      poolIdentity: pool.record.identity,
      consumers: [],
      holds: [],
      ...(object.kind === "snapshot" ? { consistency: "crash" as const } : {}),
    };
    return this.put(pool, this.disk.tamper(liveObject(record)));
  }
  async update(ref: PoolRef, match: Match, change: RecordChange): Promise<StoredObject> {
    await this.begin("update");
    const { pool, object } = this.findLive(ref, match);
    return this.put(pool, {
      ...object,
      record: { ...object.record, ...withoutUndefined(change), revision: object.record.revision + 1 },
    });
  }
  async grow(ref: PoolRef, match: Match, sizeBytes: number): Promise<StoredObject> {
    await this.begin("grow");
    const { pool, object } = this.findLive(ref, match);
    if (sizeBytes < object.record.sizeBytes) throw fail("PRECONDITION_FAILED", "would shrink");
    return this.put(
      pool,
      this.disk.tamper(liveObject({ ...object.record, sizeBytes, revision: object.record.revision + 1 })),
    );
  }
  async rollback(ref: PoolRef, match: Match): Promise<StoredObject> {
    await this.begin("rollback");
    const { pool, object } = this.findLive(ref, match);
    return this.put(pool, { ...object, record: { ...object.record, revision: object.record.revision + 1 } });
  }
  async flatten(ref: PoolRef, match: Match): Promise<StoredObject> {
    await this.begin("flatten");
    return this.findLive(ref, match).object;
  }
  async key(ref: PoolRef, uid: string): Promise<string | undefined> {
    await this.begin("key");
    if (this.find(ref).objects.get(uid)?.phase !== "live") throw fail("NOT_FOUND", `${uid} is not live`);
    return this.disk.keys.get(uid);
  }

  async trash(ref: PoolRef, match: Match, retentionMs: number): Promise<StoredObject | undefined> {
    await this.begin("trash");
    const pool = this.find(ref);
    const object = pool.objects.get(match.uid);
    if (object?.phase !== "live") return undefined;
    verify(object.record, match);
    if (object.record.protection) throw fail("PRECONDITION_FAILED", `${object.record.name} is protected`);
    const expiresAt = new Date(this.disk.now + retentionMs).toISOString();
    return this.put(pool, {
      ...object,
      phase: "trashed",
      record: { ...object.record, trashedAt: this.time(), expiresAt },
    });
  }
  async undelete(ref: PoolRef, request: Undelete): Promise<StoredObject> {
    await this.begin("undelete");
    const pool = this.find(ref);
    const object = pool.objects.get(request.uid);
    if (object?.phase !== "trashed") throw fail("NOT_FOUND", `${request.uid} is not in the trash`);
    const { trashedAt: _, expiresAt: __, policies: ___, ...record } = object.record;
    return this.put(pool, liveObject({ ...record, claim: request.claim, name: request.name ?? record.name }));
  }
  async purge(ref: PoolRef, { uid, allowDataLoss }: Purge): Promise<boolean> {
    await this.begin("purge");
    const pool = this.find(ref);
    const object = pool.objects.get(uid);
    if (object?.phase === "live") throw fail("PRECONDITION_FAILED", "is live");
    if (object && allowDataLoss !== uid && Date.parse(object.record.expiresAt ?? "") > this.disk.now) {
      throw fail("PRECONDITION_FAILED", "has not expired");
    }
    return pool.objects.delete(uid);
  }

  async createPolicy(ref: PoolRef, policy: NewPolicy): Promise<PolicyRecord> {
    await this.begin("createPolicy");
    const pool = this.find(ref);
    if (pool.policies.has(policy.uid)) throw fail("ALREADY_EXISTS", `policy ${policy.uid} exists`);
    if ([...pool.policies.values()].some(({ name, owner }) => name === policy.name && owner === policy.owner))
      throw fail("ALREADY_EXISTS", `policy ${policy.name} of ${policy.owner} exists`);
    const record: PolicyRecord = {
      ...policy,
      formatVersion,
      kind: "policy",
      createdBy: "test",
      createdAt: this.time(),
      revision: 1,
      poolIdentity: pool.record.identity,
    };
    pool.policies.set(policy.uid, record);
    return record;
  }
  async updatePolicy(ref: PoolRef, match: Match, change: PolicyChange): Promise<PolicyRecord> {
    await this.begin("updatePolicy");
    const pool = this.find(ref);
    const record = pool.policies.get(match.uid);
    if (!record) throw fail("NOT_FOUND", `there is no policy ${match.uid}`);
    verify(record, match);
    const changed = { ...record, ...withoutUndefined(change), revision: record.revision + 1 };
    pool.policies.set(match.uid, changed);
    return changed;
  }
  async removePolicy(ref: PoolRef, match: Match): Promise<boolean> {
    await this.begin("removePolicy");
    const pool = this.find(ref);
    const record = pool.policies.get(match.uid);
    if (!record) return false;
    verify(record, match);
    return pool.policies.delete(match.uid);
  }

  async holders(): Promise<Holder[]> {
    await this.begin("holders");
    return this.disk.holders;
  }
  async fsck(): Promise<Finding[]> {
    await this.begin("fsck");
    return [];
  }
  async close(): Promise<void> {
    this.disk.closed += 1;
  }

  private async begin(method: string): Promise<void> {
    this.disk.calls[method] = (this.disk.calls[method] ?? 0) + 1;
    await this.disk.before(method);
  }
  private time(): string {
    return new Date(this.disk.now).toISOString();
  }
  private find(ref: PoolRef): FakePool {
    const pool = this.disk.pools.get(ref.name);
    if (!pool) throw fail("UNAVAILABLE", `no marker of pool ${ref.name}`);
    if (ref.identity !== undefined && ref.identity !== pool.record.identity)
      throw fail("PRECONDITION_FAILED", `another pool than ${ref.identity}`);
    return pool;
  }
  private findLive(ref: PoolRef, match: Match): { pool: FakePool; object: StoredObject } {
    const pool = this.find(ref);
    const object = pool.objects.get(match.uid);
    if (object?.phase !== "live") throw fail("NOT_FOUND", `${match.uid} is not live`);
    verify(object.record, match);
    return { pool, object };
  }
  private put(pool: FakePool, object: StoredObject): StoredObject {
    pool.objects.set(object.record.uid, object);
    return object;
  }
  private stored(pool: FakePool): StoredPool {
    const { medium } = this.disk;
    return { record: pool.record, capacity: this.disk.facts(pool), ...(medium === undefined ? {} : { medium }) };
  }
}

function liveObject(record: ObjectRecord): StoredObject {
  const object: StoredObject = { record, phase: "live", health: "ready", actualSizeBytes: record.sizeBytes };
  const path = `/fake/${record.uid}`;
  if (record.kind === "volume") return { ...object, connection: { type: "file", path, format: "raw" } };
  if (record.kind === "snapshot") return object;
  const mount = {
    source: path,
    fileSystem: "none",
    options: ["bind"],
    mountCommand: `mount -o bind -- '${path}' '/mnt/x'`,
  };
  return { ...object, connection: { type: "directory", path, ...mount } };
}

function liveOf(pool: FakePool, name: string): StoredObject | undefined {
  return [...pool.objects.values()].find((object) => object.record.name === name && object.phase !== "trashed");
}

function verify(record: ObjectRecord | PoolRecord | PolicyRecord, match: Match): void {
  const isSame =
    record.uid === match.uid && record.claim === match.claim && (match.revision ?? record.revision) === record.revision;
  if (!isSame) throw fail("CONFLICT", `${record.name} has another uid, claim or revision`);
}

function withoutUndefined<T extends object>(change: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}

function fail(code: ErrorCode, message: string): KrStorageError {
  return new KrStorageError(code, message);
}

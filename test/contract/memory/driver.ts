import type {
  Call,
  Driver,
  Finding,
  FsckOptions,
  Holder,
  Listing,
  Match,
  NewObject,
  NewPool,
  PoolChange,
  PoolRef,
  Prospect,
  Purge,
  RecordChange,
  StoredObject,
  StoredPool,
  Undelete,
} from "../../../provider/drivers/driver";
import {
  formatVersion,
  newUid,
  type ObjectRecord,
  objectRecord,
  type PoolRecord,
  policyRecord,
} from "../../../provider/drivers/record";
import { KrStorageError } from "../../../provider/model/errors";
import type { PoolCapabilities } from "../../../provider/model/pool";
import { MemoryPolicies } from "./policies";
import {
  assertBytes,
  assertName,
  assertReadable,
  assertRoom,
  assertServed,
  assertSize,
  assertSource,
  assertUid,
  assertUnused,
  bringBack,
  capacityOf,
  isTree,
  liveObject,
  objectOf,
  promisedBytes,
  refuse,
  storedObject,
} from "./rules";
import type { MemoryObject, MemoryPool, MemoryState } from "./state";

/** The contract in few words: what the suite is developed against, and the backend of tests that are not about a backend. */
export class MemoryDriver extends MemoryPolicies implements Driver {
  readonly type = "memory";

  async listPools(call: Call): Promise<StoredPool[]> {
    return this.read(call, (state) => Object.values(state.pools).map((pool) => this.storedPool(pool, state)));
  }
  async readPool(ref: PoolRef, call: Call): Promise<StoredPool | undefined> {
    return this.read(call, (state) =>
      ref.identity === undefined && !state.pools[ref.name]
        ? undefined
        : this.storedPool(this.poolOf(state, ref), state),
    );
  }
  async prospect(name: string, call: Call): Promise<Prospect> {
    assertName(name);
    return this.read(call, (state) => {
      if (state.foreign.includes(name)) refuse("ALREADY_EXISTS", `"${name}" is taken`);
      return { ...capacityOf({ objects: [] }, state), capabilities: state.capabilities };
    });
  }
  async createPool(inputs: NewPool, call: Call): Promise<StoredPool> {
    assertName(inputs.name);
    return this.change(call, (state) => {
      if (state.pools[inputs.name] || state.foreign.includes(inputs.name))
        refuse("ALREADY_EXISTS", `"${inputs.name}" is taken`);
      const record: PoolRecord = {
        formatVersion,
        ...inputs,
        kind: "pool",
        identity: newUid(),
        capabilities: state.capabilities,
        ...this.made(call, state),
      };
      const pool: MemoryPool = { record: structuredClone(record), objects: [], policies: [] };
      state.pools[inputs.name] = pool;
      return this.storedPool(pool, state);
    });
  }
  async updatePool(ref: PoolRef, match: Match, change: PoolChange, call: Call): Promise<StoredPool> {
    return this.changePool(ref, call, (pool, state) => {
      this.assertMatch(pool.record, match);
      Object.assign(pool.record, structuredClone(change), { revision: pool.record.revision + 1 });
      return this.storedPool(pool, state);
    });
  }
  async removePool(ref: PoolRef, match: Match, call: Call): Promise<"removed" | "retired" | "gone"> {
    return this.change(call, (state) => {
      if (!state.pools[ref.name] && state.removed.includes(match.uid)) return "gone";
      const pool = this.poolOf(state, ref);
      this.assertMatch(pool.record, match);
      if (pool.objects.some((object) => object.phase === "live"))
        refuse("IN_USE", `pool "${ref.name}" has live objects`);
      if (pool.objects.length > 0) pool.record.retiredAt ??= this.date(state);
      if (pool.objects.length > 0) return "retired";
      state.removed.push(match.uid);
      delete state.pools[ref.name];
      return "removed";
    });
  }

  async list(ref: PoolRef, call: Call): Promise<Listing> {
    return this.readPoolAs(ref, call, (pool, state) => {
      const listing: Listing = {
        pool: this.storedPool(pool, state),
        objects: [],
        policies: [],
        damaged: [],
        at: this.now(state),
      };
      for (const policy of pool.policies) {
        if (policyRecord.safeParse(policy).success) listing.policies.push(policy);
        else
          listing.damaged.push({
            uid: policy.uid,
            name: policy.name,
            problem: "the record of this policy cannot be read",
          });
      }
      for (const [index, object] of pool.objects.entries()) {
        if (index >= (state.listFailsAfter ?? Number.POSITIVE_INFINITY))
          throw new KrStorageError("UNAVAILABLE", "the connection was lost", { retryable: true });
        const { uid, name } = object.record;
        if (objectRecord.safeParse(object.record).success) listing.objects.push(storedObject(object));
        else listing.damaged.push({ uid, name, problem: "its record cannot be read" });
      }
      return listing;
    });
  }
  async inspectImage(): Promise<{ sizeBytes: number }> {
    refuse("UNSUPPORTED", "there are no files here that a volume could be made from");
  }
  async create(ref: PoolRef, inputs: NewObject, call: Call): Promise<StoredObject> {
    assertName(inputs.name);
    assertUid(inputs.uid);
    return this.changePool(ref, call, (pool, state) => {
      if (pool.record.retiredAt) refuse("PRECONDITION_FAILED", `pool "${ref.name}" is retired`);
      this.assertFree(pool, inputs.name, inputs.uid);
      this.assertSlotFree(pool, inputs);
      const object = this.newObject(pool, state, inputs, call);
      assertRoom(pool, state, promisedBytes(object, state));
      pool.objects.push(object);
      return storedObject(object);
    });
  }
  async update(ref: PoolRef, match: Match, change: RecordChange, call: Call): Promise<StoredObject> {
    return this.changeObject(ref, match, call, ({ record }) => void Object.assign(record, structuredClone(change)));
  }
  async grow(ref: PoolRef, match: Match, sizeBytes: number, call: Call): Promise<StoredObject> {
    assertSize(sizeBytes);
    return this.changeObject(ref, match, call, (object, pool, state) => {
      if (object.record.kind === "snapshot") refuse("UNSUPPORTED", "a snapshot keeps its size");
      assertBytes(object);
      if (sizeBytes < object.record.sizeBytes) refuse("PRECONDITION_FAILED", `"${object.record.name}" cannot shrink`);
      assertRoom(pool, state, sizeBytes - object.record.sizeBytes);
      object.record.sizeBytes = sizeBytes;
    });
  }
  async rollback(ref: PoolRef, match: Match, snapshotUid: string, call: Call): Promise<StoredObject> {
    return this.changeObject(ref, match, call, (volume, pool) => {
      if (volume.record.kind === "share") refuse("UNSUPPORTED", "make a new share from the snapshot instead");
      const snapshot = liveObject(pool, snapshotUid);
      if (snapshot.record.sourceUid !== match.uid)
        refuse("INVALID_ARGUMENT", `"${snapshot.record.name}" is not a snapshot of "${volume.record.name}"`);
      assertBytes(snapshot);
      assertUnused(volume);
      volume.bytes = snapshot.bytes;
    });
  }
  async flatten(ref: PoolRef, match: Match, call: Call): Promise<StoredObject> {
    return this.changePool(ref, call, (pool) => {
      const object = liveObject(pool, match.uid);
      this.assertMatch(object.record, match);
      return storedObject(object);
    });
  }
  async key(ref: PoolRef, uid: string, call: Call): Promise<undefined> {
    return this.changePool(ref, call, (pool) => void liveObject(pool, uid));
  }

  async trash(ref: PoolRef, match: Match, retentionMs: number, call: Call): Promise<StoredObject | undefined> {
    return this.changePool(ref, call, (pool, state) => {
      if (!pool.record.capabilities.trash) refuse("UNSUPPORTED", "there is no trash here");
      const object = objectOf(pool, match.uid);
      if (object?.phase !== "live") return undefined;
      this.assertMatch(object.record, match);
      assertReadable(object);
      if (object.record.protection) refuse("PRECONDITION_FAILED", `"${object.record.name}" is protected`);
      assertUnused(object);
      const companions = this.companionsOf(pool, object);
      const expiresAt = new Date(this.now(state) + retentionMs).toISOString();
      for (const each of [object, ...companions]) {
        const { revision } = each.record;
        Object.assign(each.record, { trashedAt: this.date(state), expiresAt, revision: revision + 1 });
        if (each !== object) each.record.trashedWith = match.uid;
        each.phase = "trashed";
      }
      return storedObject(object);
    });
  }
  async undelete(ref: PoolRef, { uid, claim, name: newName }: Undelete, call: Call): Promise<StoredObject> {
    if (newName !== undefined) assertName(newName);
    return this.changePool(ref, call, (pool) => {
      const object = objectOf(pool, uid);
      if (object?.phase !== "trashed") refuse("NOT_FOUND", `${uid} is not in the trash`);
      const name = newName ?? object.record.name;
      const companions = pool.objects.filter(({ phase, record }) => phase === "trashed" && record.trashedWith === uid);
      const names = new Map(companions.map((each) => [each, `${name}@${each.record.name.split("@")[1]}`]));
      for (const wanted of [name, ...names.values()]) this.assertFree(pool, wanted);
      bringBack(object, name, claim);
      for (const each of companions) bringBack(each, names.get(each) ?? "", each.record.claim);
      return storedObject(object);
    });
  }
  async purge(ref: PoolRef, { uid, allowDataLoss }: Purge, call: Call): Promise<boolean> {
    return this.changePool(ref, call, (pool, state) => {
      const object = objectOf(pool, uid);
      if (!object) return false;
      if (object.phase === "live") refuse("PRECONDITION_FAILED", `"${object.record.name}" is live`);
      assertUnused(object);
      if (allowDataLoss !== uid && !this.hasExpired(object.record, state))
        refuse("PRECONDITION_FAILED", `${uid} is kept until ${object.record.expiresAt}`);
      pool.objects.splice(pool.objects.indexOf(object), 1);
      return true;
    });
  }

  async holders(ref: PoolRef, uid: string, call: Call): Promise<Holder[]> {
    return this.readPoolAs(ref, call, (pool) =>
      (objectOf(pool, uid)?.users ?? []).map((name) => ({ name, writes: true })),
    );
  }
  async fsck(ref: PoolRef, _options: FsckOptions, call: Call): Promise<Finding[]> {
    const lost = await this.readPoolAs(ref, call, (pool) =>
      pool.objects.filter((object) => object.bytes === undefined),
    );
    return lost.map(({ record }) => ({
      object: record.uid,
      message: `the bytes of "${record.name}" are gone`,
      repaired: false,
    }));
  }
  async close(): Promise<void> {}

  /** The snapshots that go into the trash with an object. Throws IN_USE naming those that keep it. */
  protected companionsOf(pool: MemoryPool, { record: { uid, name } }: MemoryObject): MemoryObject[] {
    const live = pool.objects.filter(
      ({ phase, record }) => phase === "live" && record.kind === "snapshot" && record.sourceUid === uid,
    );
    const staying = live.filter(
      ({ record, users }) =>
        !record.taken || record.protection || users.length + record.holds.length + record.consumers.length > 0,
    );
    if (staying.length > 0)
      refuse("IN_USE", `"${name}" has the snapshots ${staying.map(({ record }) => record.name).join(", ")}`);
    return live;
  }
  protected assertFree(pool: MemoryPool, name: string, uid?: string): void {
    const taken = pool.objects.some(
      ({ phase, record }) => (phase === "live" && record.name === name) || record.uid === uid,
    );
    if (taken) refuse("ALREADY_EXISTS", `"${name}" or its uid is taken`);
  }
  protected assertSlotFree(pool: MemoryPool, { taken, sourceUid }: NewObject): void {
    const other = pool.objects.find(
      ({ phase, record }) =>
        phase === "live" &&
        record.sourceUid === sourceUid &&
        record.taken?.policy === taken?.policy &&
        record.taken?.slot === taken?.slot,
    );
    if (taken && other) refuse("ALREADY_EXISTS", `"${other.record.name}" is the policy's snapshot of that slot`);
  }
  protected hasExpired(record: ObjectRecord, state: MemoryState): boolean {
    return Date.parse(record.expiresAt ?? "") <= this.now(state);
  }

  private async changeObject(
    ref: PoolRef,
    match: Match,
    call: Call,
    change: (object: MemoryObject, pool: MemoryPool, state: MemoryState) => void,
  ): Promise<StoredObject> {
    return this.changePool(ref, call, (pool, state) => {
      const object = liveObject(pool, match.uid);
      this.assertMatch(object.record, match);
      assertReadable(object);
      change(object, pool, state);
      object.record.revision += 1;
      return storedObject(object);
    });
  }
  private newObject(pool: MemoryPool, state: MemoryState, inputs: NewObject, call: Call): MemoryObject {
    const source = inputs.sourceUid === undefined ? undefined : liveObject(pool, inputs.sourceUid);
    assertServed(inputs, pool.record.capabilities);
    if (inputs.image) refuse("UNSUPPORTED", "there are no files here that a volume could be made from");
    if (source) assertBytes(source);
    if (source) assertSource(source, inputs, pool.record.capabilities);
    const users = source?.users ?? [];
    if (source) this.assertAtRest(source, pool.record.capabilities);
    const sizeBytes = inputs.kind === "snapshot" ? source?.record.sizeBytes : inputs.sizeBytes;
    assertSize(sizeBytes);
    if (sizeBytes < (source?.record.sizeBytes ?? 0))
      refuse("INVALID_ARGUMENT", "a clone is at least as large as its source");
    const consistency = users.length > 0 ? ("crash" as const) : ("offline" as const);
    const record: ObjectRecord = {
      formatVersion,
      ...inputs,
      self: newUid(),
      poolIdentity: pool.record.identity,
      sizeBytes,
      consumers: [],
      holds: [],
      ...this.made(call, state),
    };
    if (inputs.kind === "snapshot") {
      record.consistency = consistency;
      if (source && isTree(source.record)) record.sourceKind = "share";
      delete record.policies;
    } else delete record.taken;
    return { record: structuredClone(record), phase: "live", bytes: source ? this.copied(source) : "", users: [] };
  }
  /** Throws where a copy of what is used would be torn. */
  protected assertAtRest({ record, users, isWritten }: MemoryObject, capabilities: PoolCapabilities): void {
    const canCopyInUse = (isTree(record) ? capabilities.shareSnapshot : capabilities.onlineSnapshot) === "crash";
    if (users.length > 0 && !canCopyInUse) refuse("IN_USE", `"${record.name}" is in use by ${users.join()}`);
    if (isWritten && !canCopyInUse) refuse("IN_USE", `"${record.name}" was written to while it was copied`);
  }
  protected copied(source: MemoryObject): string {
    return source.bytes ?? "";
  }
}

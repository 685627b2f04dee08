import { KrStorageError, messageOf } from "../../model/errors";
import type { Image } from "../../model/image";
import type {
  Call,
  Driver,
  Finding,
  FsckOptions,
  Holder,
  Listing,
  Match,
  NewObject,
  NewPolicy,
  NewPool,
  Nodes,
  PolicyChange,
  PoolChange,
  PoolRef,
  Prospect,
  Purge,
  RecordChange,
  StoredObject,
  StoredPool,
  Undelete,
} from "../driver";
import { inspectImage } from "../imageFile";
import type { PolicyRecord, PoolSettings } from "../record";
import { flattenObject, growObject, updateObject } from "./change";
import { createObject } from "./create";
import { findEntry } from "./entry";
import { checkPool } from "./fsck";
import { listPool } from "./list";
import { changePool, createPool, listPools, prospectOf } from "./managePools";
import { readNodes } from "./nodes";
import { type OpenPool, Pools } from "./openPool";
import { createPolicy, removePolicy, updatePolicy } from "./policies";
import { checkUser, keyOf } from "./poolUser";
import { purgeObject } from "./purge";
import { checkQuota } from "./quota";
import { recoverTable } from "./recoverTable";
import { removePool } from "./removePool";
import { rollbackObject } from "./rollback";
import { shareHolders } from "./shareUses";
import type { Site } from "./site";
import { checkRemoval } from "./takeBack";
import { trashObject, undeleteObject } from "./trash";
import { holdersOf } from "./uses";

/** RBD images in the pools of a Ceph cluster, and CephFS subvolumes that belong to them, their records in a table beside them. */
export class CephDriver implements Driver {
  readonly type = "ceph";
  private readonly pools: Pools;
  private readonly running = new Set<Promise<unknown>>();
  private isClosed = false;

  constructor(
    private readonly site: Site,
    /** Ends the connection. */
    private readonly disconnect: () => Promise<void>,
  ) {
    this.pools = new Pools(site);
  }

  listPools(call: Call): Promise<StoredPool[]> {
    return this.run(call, "listing the pools of", this.site.backend, () => listPools(this.pools));
  }
  readPool(ref: PoolRef, call: Call): Promise<StoredPool | undefined> {
    return this.run(call, "reading", this.where(ref), async () => (await this.pools.find(ref))?.read());
  }
  prospect(name: string, call: Call, settings?: PoolSettings): Promise<Prospect> {
    return this.run(call, "looking for room for", this.where({ name }), () => prospectOf(this.pools, name, settings));
  }
  createPool(request: NewPool, call: Call): Promise<StoredPool> {
    return this.run(call, "making", this.where(request), () => createPool(this.pools, request, call));
  }
  updatePool(ref: PoolRef, match: Match, change: PoolChange, call: Call): Promise<StoredPool> {
    return this.within(ref, call, "changing", (pool) => changePool(pool, match, change));
  }
  removePool(ref: PoolRef, match: Match, call: Call): Promise<"removed" | "retired" | "gone"> {
    return this.run(call, "removing", this.where(ref), () => removePool(this.pools, ref, match));
  }

  list(ref: PoolRef, call: Call): Promise<Listing> {
    return this.within(ref, call, "listing", listPool);
  }
  inspectImage(ref: PoolRef, image: Image, call: Call): Promise<{ sizeBytes: number }> {
    return this.within(ref, call, "looking at a file for", () => inspectImage(image));
  }
  create(ref: PoolRef, object: NewObject, call: Call): Promise<StoredObject> {
    return this.within(ref, call, "making an object in", (pool) => createObject(pool, object, call));
  }
  update(ref: PoolRef, match: Match, change: RecordChange, call: Call): Promise<StoredObject> {
    return this.within(ref, call, "changing an object in", (pool) => updateObject(pool, match, change));
  }
  grow(ref: PoolRef, match: Match, sizeBytes: number, call: Call): Promise<StoredObject> {
    return this.within(ref, call, "growing an object in", (pool) => growObject(pool, match, sizeBytes));
  }
  rollback(ref: PoolRef, match: Match, snapshotUid: string, call: Call): Promise<StoredObject> {
    return this.within(ref, call, "rolling back an object in", (pool) =>
      rollbackObject(pool, match, snapshotUid, call),
    );
  }

  flatten(ref: PoolRef, match: Match, call: Call): Promise<StoredObject> {
    return this.within(ref, call, "flattening an object in", (pool) => flattenObject(pool, match));
  }
  key(ref: PoolRef, uid: string, call: Call): Promise<string | undefined> {
    return this.within(ref, call, "reading a key in", (pool) => keyOf(pool, uid));
  }

  trash(ref: PoolRef, match: Match, retentionMs: number, call: Call): Promise<StoredObject | undefined> {
    return this.within(ref, call, "deleting an object in", (pool) => trashObject(pool, match, retentionMs, call));
  }
  undelete(ref: PoolRef, object: Undelete, call: Call): Promise<StoredObject> {
    return this.within(ref, call, "undeleting an object in", (pool) => undeleteObject(pool, object));
  }
  purge(ref: PoolRef, purge: Purge, call: Call): Promise<boolean> {
    return this.within(ref, call, "purging an object in", (pool) => purgeObject(pool, purge, call));
  }

  createPolicy(ref: PoolRef, policy: NewPolicy, call: Call): Promise<PolicyRecord> {
    return this.within(ref, call, "keeping a policy in", (pool) => createPolicy(pool, policy, call));
  }
  updatePolicy(ref: PoolRef, match: Match, change: PolicyChange, call: Call): Promise<PolicyRecord> {
    return this.within(ref, call, "changing a policy in", (pool) => updatePolicy(pool, match, change));
  }
  removePolicy(ref: PoolRef, match: Match, call: Call): Promise<boolean> {
    return this.within(ref, call, "removing a policy from", (pool) => removePolicy(pool, match));
  }

  nodes(call: Call): Promise<Nodes> {
    return this.run(call, "looking at", this.site.backend, () => readNodes(this.site.cluster));
  }
  holders(ref: PoolRef, uid: string, call: Call): Promise<Holder[]> {
    return this.within(ref, call, "looking at an object in", async (pool) => {
      const found = await pool.table.read((transaction) => findEntry(transaction, uid));
      if (found?.kind === "share") return shareHolders(pool, found);
      return found?.kind === "volume" ? holdersOf(pool, found.image.id) : [];
    });
  }
  fsck(ref: PoolRef, options: FsckOptions, call: Call): Promise<Finding[]> {
    return this.run(call, "checking", this.where(ref), async () => {
      const recovered = await recoverTable(this.pools, ref, options.repair);
      if (recovered.some(({ repaired }) => !repaired)) return recovered;
      recovered.push(...(await checkRemoval(this.pools, ref, options.repair)));
      if (recovered.some(({ repaired }) => !repaired)) return recovered;
      const pool = await this.pools.require(ref);
      const ofPool = [...(await checkQuota(pool, options.repair)), ...(await checkUser(pool, options.repair))];
      return [...recovered, ...ofPool, ...(await checkPool(pool, options, call))];
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.allSettled(this.running);
    await this.disconnect();
  }

  private where(ref: { name: string }): string {
    return `${this.site.backend}/${ref.name}`;
  }

  private within<Result>(
    ref: PoolRef,
    call: Call,
    what: string,
    action: (pool: OpenPool) => Promise<Result>,
  ): Promise<Result> {
    return this.run(call, what, this.where(ref), async () => action(await this.pools.require(ref)));
  }

  /** A call that has begun is finished, whatever becomes of its signal: every request to the cluster ends in time by itself. */
  private run<Result>(call: Call, what: string, target: string, action: () => Promise<Result>): Promise<Result> {
    const running = this.guarded(call, what, target, action);
    const settled = running.then(
      () => undefined,
      () => undefined,
    );
    this.running.add(settled);
    void settled.then(() => this.running.delete(settled));
    return running;
  }

  private async guarded<Result>(
    call: Call,
    what: string,
    target: string,
    action: () => Promise<Result>,
  ): Promise<Result> {
    if (this.isClosed) throw new KrStorageError("INTERNAL", `backend "${this.site.backend}" was closed`, { target });
    if (call.signal.aborted)
      throw new KrStorageError("CANCELLED", `${what} ${target} was cancelled; nothing was changed`, { target });
    try {
      return await action();
    } catch (error) {
      if (KrStorageError.isInstance(error)) throw error;
      throw new KrStorageError("INTERNAL", `${what} ${target} failed: ${messageOf(error)}`, {
        target,
        cause: error,
        outcome: "unknown",
      });
    }
  }
}

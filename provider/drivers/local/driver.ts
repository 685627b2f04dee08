import { readdirSync } from "node:fs";
import { KrStorageError, messageOf } from "../../model/errors";
import type { Image } from "../../model/image";
import { nameProblem } from "../../model/names";
import { notLive } from "../changes";
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
import type { PolicyRecord } from "../record";
import { isUid } from "../requests";
import { changePool } from "./changePool";
import { createObject } from "./create";
import { createPool } from "./createPool";
import { systemCode, throwIfCancelled, toKrStorageError } from "./errors";
import { checkPool } from "./fsck";
import { growObject } from "./grow";
import { healthOf, storedObject } from "./health";
import { holdersOf } from "./holders";
import { listPool, readStoredPool } from "./list";
import { requireLive } from "./matching";
import type { OpenPool } from "./openPool";
import { createPolicy, removePolicy, updatePolicy } from "./policies";
import { Pools } from "./pools";
import { prospectOf } from "./prospect";
import { purgeObject } from "./purge";
import { recoverOnce } from "./recovery";
import { removeIfRetired, removePool } from "./removePool";
import { rollbackObject } from "./rollback";
import type { Site } from "./site";
import { trashObject, undeleteObject } from "./trash";
import { finishUnfinished } from "./unfinished";
import { updateObject } from "./update";

/** Disks as files in a folder, records in an SQLite database beside them. */
export class LocalDriver implements Driver {
  readonly type = "local";
  private readonly pools: Pools;
  private readonly running = new Set<Promise<unknown>>();
  private isClosed = false;

  constructor(private readonly site: Site) {
    this.pools = new Pools(site, finishUnfinished);
  }

  listPools(call: Call): Promise<StoredPool[]> {
    return this.run(call, "listing the pools of", this.site.backend, async () => {
      const found: StoredPool[] = [];
      for (const name of this.poolFolders()) {
        const pool = this.pools.find({ name });
        if (pool) found.push(await pool.use(() => readStoredPool(pool)));
      }
      return found;
    });
  }

  readPool(ref: PoolRef, call: Call): Promise<StoredPool | undefined> {
    return this.run(call, "reading", this.where(ref), async () => {
      const pool = this.pools.find(ref);
      return pool?.use(() => readStoredPool(pool));
    });
  }

  prospect(name: string, call: Call): Promise<Prospect> {
    return this.run(call, "looking for room for", this.where({ name }), async () =>
      prospectOf(this.site, name, this.pools.paths(name)),
    );
  }

  createPool(request: NewPool, call: Call): Promise<StoredPool> {
    return this.run(call, "making", this.where(request), async () => {
      await createPool(this.site, this.pools.paths(request.name), request, call);
      const pool = this.pools.require({ name: request.name });
      return pool.use(() => readStoredPool(pool));
    });
  }

  updatePool(ref: PoolRef, match: Match, change: PoolChange, call: Call): Promise<StoredPool> {
    return this.write(ref, call, "changing", async (pool) => {
      await changePool(pool, match, change, call);
      return readStoredPool(pool);
    });
  }

  removePool(ref: PoolRef, match: Match, call: Call): Promise<"removed" | "retired" | "gone"> {
    return this.run(call, "removing", this.where(ref), () => removePool(this.pools, ref, match, call));
  }

  list(ref: PoolRef, call: Call): Promise<Listing> {
    return this.read(ref, call, "listing", listPool);
  }

  inspectImage(ref: PoolRef, image: Image, call: Call): Promise<{ sizeBytes: number }> {
    return this.read(ref, call, "looking at a file for", () => inspectImage(image));
  }

  create(ref: PoolRef, object: NewObject, call: Call): Promise<StoredObject> {
    return this.write(ref, call, "making an object in", (pool) => createObject(pool, object, call));
  }

  update(ref: PoolRef, match: Match, change: RecordChange, call: Call): Promise<StoredObject> {
    return this.write(ref, call, "changing an object in", (pool) => updateObject(pool, match, change, call));
  }

  grow(ref: PoolRef, match: Match, sizeBytes: number, call: Call): Promise<StoredObject> {
    return this.write(ref, call, "growing an object in", (pool) => growObject(pool, match, sizeBytes, call));
  }

  rollback(ref: PoolRef, match: Match, snapshotUid: string, call: Call): Promise<StoredObject> {
    return this.write(ref, call, "rolling back an object in", (pool) => rollbackObject(pool, match, snapshotUid, call));
  }

  /** Copies share blocks, and none of them needs another for it. */
  flatten(ref: PoolRef, match: Match, call: Call): Promise<StoredObject> {
    return this.write(ref, call, "flattening an object in", async (pool) => {
      const entry = await pool.change(call, (transaction) => requireLive(pool, transaction, match));
      return storedObject(pool.paths, entry, healthOf(pool.paths, pool.identity, entry));
    });
  }
  /** Disks are files: who may open them is the file system's to say. */
  key(ref: PoolRef, uid: string, call: Call): Promise<undefined> {
    return this.read(ref, call, "reading a key in", async (pool) => {
      const phase = await pool.database.read(() => pool.transaction(call).row(uid)?.phase);
      if (phase !== "live") throw notLive(pool.where, uid, phase);
      return undefined;
    });
  }

  trash(ref: PoolRef, match: Match, retentionMs: number, call: Call): Promise<StoredObject | undefined> {
    return this.write(ref, call, "deleting an object in", (pool) => trashObject(pool, match, retentionMs, call));
  }

  undelete(ref: PoolRef, object: Undelete, call: Call): Promise<StoredObject> {
    return this.write(ref, call, "undeleting an object in", (pool) => undeleteObject(pool, object, call));
  }

  purge(ref: PoolRef, purge: Purge, call: Call): Promise<boolean> {
    return this.write(ref, call, "purging an object in", async (pool) => {
      const isPurged = await purgeObject(pool, purge, call);
      if (isPurged) await removeIfRetired(this.pools, pool, call);
      return isPurged;
    });
  }

  createPolicy(ref: PoolRef, policy: NewPolicy, call: Call): Promise<PolicyRecord> {
    return this.write(ref, call, "keeping a policy in", (pool) => createPolicy(pool, policy, call));
  }

  updatePolicy(ref: PoolRef, match: Match, change: PolicyChange, call: Call): Promise<PolicyRecord> {
    return this.write(ref, call, "changing a policy in", (pool) => updatePolicy(pool, match, change, call));
  }

  removePolicy(ref: PoolRef, match: Match, call: Call): Promise<boolean> {
    return this.write(ref, call, "removing a policy from", (pool) => removePolicy(pool, match, call));
  }

  holders(ref: PoolRef, uid: string, call: Call): Promise<Holder[]> {
    return this.read(ref, call, "looking at an object in", async (pool) =>
      isUid(uid) ? holdersOf(pool.paths, uid) : [],
    );
  }

  fsck(ref: PoolRef, options: FsckOptions, call: Call): Promise<Finding[]> {
    return this.run(call, "checking", this.where(ref), () => checkPool(this.pools, ref, options, call));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.allSettled(this.running);
    await this.pools.close();
  }

  private where(ref: { name: string }): string {
    return `${this.site.backend}/${ref.name}`;
  }

  /** Pool folders by name; where the backend's folder does not exist yet there are none. */
  private poolFolders(): string[] {
    try {
      return readdirSync(this.site.options.path)
        .filter((name) => nameProblem(name) === undefined)
        .sort();
    } catch (error) {
      if (systemCode(error) === "ENOENT") return [];
      throw error;
    }
  }

  private read<T>(ref: PoolRef, call: Call, what: string, action: (pool: OpenPool) => Promise<T>): Promise<T> {
    return this.run(call, what, this.where(ref), async () => {
      const pool = this.pools.require(ref);
      return pool.use(() => action(pool));
    });
  }

  private write<T>(ref: PoolRef, call: Call, what: string, action: (pool: OpenPool) => Promise<T>): Promise<T> {
    return this.read(ref, call, what, async (pool) => {
      if (pool.isCopied) {
        throw new KrStorageError(
          "PRECONDITION_FAILED",
          `pool ${pool.where} is a copy of the folder it was made in (identity ${pool.identity}); to use it in the original's place, run fsck with repair and accept that identity`,
          { target: pool.where },
        );
      }
      await recoverOnce(pool, call);
      return action(pool);
    });
  }

  private run<T>(call: Call, what: string, target: string, action: () => Promise<T>): Promise<T> {
    const running = this.guarded(call, what, target, action);
    const settled = running.then(
      () => undefined,
      () => undefined,
    );
    this.running.add(settled);
    void settled.then(() => this.running.delete(settled));
    return running;
  }

  private async guarded<T>(call: Call, what: string, target: string, action: () => Promise<T>): Promise<T> {
    try {
      if (this.isClosed) throw new KrStorageError("INTERNAL", `backend "${this.site.backend}" was closed`, { target });
      throwIfCancelled(call.signal, what, target);
      return await action();
    } catch (error) {
      const known = toKrStorageError(error, what, target);
      if (known.code === "INTERNAL") this.site.env.log.debug(`${what} ${target}: ${messageOf(error)}`);
      throw known;
    }
  }
}

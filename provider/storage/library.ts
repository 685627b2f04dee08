import type { Call, Driver, Finding, FsckOptions, Holder, StoredObject } from "../drivers/driver";
import { newUid, type ObjectSettings } from "../drivers/record";
import type { Image } from "../model/image";
import { kinds } from "../model/kinds";
import { formatObjectId, type PoolId, snapshotName } from "../model/names";
import type { PoolInputs } from "../model/pool";
import type { ShareInputs } from "../model/share";
import type { SnapshotPolicyInputs } from "../model/snapshotPolicy";
import type { VolumeInputs } from "../model/volume";
import { assertInputs, objectOf, poolOf, sizeOf, volumeOf } from "./arguments";
import { changeObject } from "./change";
import type { HeldObject } from "./claims";
import { resolveConfig } from "./configSources";
import { ensureObject } from "./ensure";
import { findKnown, findLive, resolveSource } from "./find";
import { type ObjectInfo, objectInfo, type PolicyInfo, type PoolInfo, policyInfo, poolInfo } from "./info";
import { keyOf, type VolumeKey } from "./key";
import { applyPolicy } from "./policies";
import { ensurePool, poolSettings, removePool } from "./pools";
import { poolRef, Storage, type StorageEnv } from "./storage";
import { type Purged, purgeExpired, purgeObject, removeObject, undeleteObject } from "./trash";

/** The names of safety snapshots begin with this. */
const safetyPrefix = "before-rollback-";

/** What `openStorage` takes. Without `backends`, configuration comes from `KRSTORAGE_CONFIG` or the default. */
export interface OpenOptions extends StorageEnv {
  backends?: Record<string, unknown>;
  stackId?: string;
  /** Who the objects belong to that this program makes. Default "library". */
  owner?: string;
}

interface SizedSettings {
  size: string;
  labels?: Record<string, string>;
  /** The id of what it starts with: a snapshot, or an object of its kind. */
  from?: string;
  /** The uid of an existing object to take over instead. */
  adopt?: string;
}
export type VolumeSettings = SizedSettings &
  Pick<VolumeInputs, "qos" | "accessModes"> & {
    /** A file on the backend's host to start with. It is copied, and stays as it is. */
    image?: Image;
  };
export type ShareSettings = SizedSettings & Pick<ShareInputs, "protocol" | "access">;
export type PolicySettings = Omit<SnapshotPolicyInputs, "name" | "adopt">;

/** Opens the configured backends. Nothing is asked of them before it is needed. Close it when done. */
export function openStorage(options: OpenOptions = {}): StorageLibrary {
  const { backends, stackId, owner, ...env } = options;
  return new StorageLibrary(new Storage(resolveConfig({ backends, stackId }), env), owner ?? "library");
}

/**
 * Storage for programs, without Pulumi. Ids are as everywhere: pool `main/ssd`, volume `main/ssd/pgdata`, snapshot
 * `main/ssd/pgdata@before`. Creating what this owner has already made, with equal settings, returns it; every failure is a `KrStorageError`.
 */
export class StorageLibrary {
  constructor(
    /** The layer below, for what this façade leaves out. */
    readonly storage: Storage,
    private readonly owner: string,
  ) {}

  async createPool(
    id: string,
    settings: Pick<PoolInputs, "capacity" | "maxOvercommit" | "reserve" | "trashRetention" | "ceph" | "labels"> = {},
  ): Promise<PoolInfo> {
    const where = poolOf(id);
    assertInputs(kinds.pool, id, settings);
    const { labels, ...requested } = settings;
    const wanted = {
      owner: `${this.owner}/Pool/${where.pool}`,
      stackId: this.storage.stackId,
      requested,
      labels: labels ?? {},
    };
    return poolInfo(where, await ensurePool(this.storage, where, wanted, poolSettings(settings)));
  }
  async deletePool(id: string): Promise<"removed" | "retired" | "gone" | "superseded"> {
    const where = poolOf(id);
    const { record } = (await this.storage.view(where, { maxAgeMs: 0 })).pool;
    return removePool(this.storage, where, record);
  }
  async getPool(id: string): Promise<PoolInfo> {
    const where = poolOf(id);
    return poolInfo(where, (await this.storage.view(where, { maxAgeMs: 0 })).pool);
  }

  createVolume(id: string, settings: VolumeSettings): Promise<ObjectInfo> {
    const { qos, accessModes, image } = settings;
    return this.createSized("volume", id, settings, given({ qos, accessModes }), image);
  }
  createShare(id: string, settings: ShareSettings): Promise<ObjectInfo> {
    const { protocol, access } = settings;
    return this.createSized("share", id, settings, given({ protocol, access }));
  }
  private async createSized(
    kind: "volume" | "share",
    id: string,
    settings: SizedSettings,
    own: Partial<ObjectSettings>,
    image?: Image,
  ): Promise<ObjectInfo> {
    const where = volumeOf(id);
    const { from, labels, adopt, size } = settings;
    const file = image && { source: { image } };
    assertInputs(kinds[kind], id, { ...own, size, ...given({ labels, adopt }), ...file });
    const source = from === undefined ? undefined : await resolveSource(this.storage, where, from);
    const { object } = await ensureObject(this.storage, where, {
      kind,
      owner: `${this.owner}/${kinds[kind].name}/${where.name}`,
      stackId: this.storage.stackId,
      requested: {
        size,
        ...own,
        ...file,
        ...(from === undefined ? {} : { source: { [from.includes("@") ? "snapshot" : kind]: from } }),
      },
      labels: labels ?? {},
      sizeBytes: sizeOf(id, size),
      sourceUid: source?.record.uid,
      image,
      adopt,
      ...(Object.keys(own).length === 0 ? {} : { settings: own as ObjectSettings }),
    });
    return objectInfo(where, object);
  }
  /** Raises the size in place; a volume never shrinks. */
  async growVolume(id: string, size: string): Promise<ObjectInfo> {
    const where = objectOf(id);
    const found = await findLive(this.storage, where);
    return objectInfo(
      where,
      await changeObject(this.storage, where, held(found), {
        sizeBytes: sizeOf(id, size),
        requested: { ...found.record.requested, size },
      }),
    );
  }
  /** Takes a snapshot named `name` of a volume or share. */
  async createSnapshot(volumeId: string, name: string, labels: Record<string, string> = {}): Promise<ObjectInfo> {
    const volume = volumeOf(volumeId);
    assertInputs(kinds.snapshot, volumeId, { name, labels });
    const where = { ...volume, name: snapshotName(volume.name, name) };
    const take = ({ record }: StoredObject) =>
      ensureObject(this.storage, where, {
        kind: "snapshot",
        owner: `${this.owner}/Snapshot/${where.name}`,
        stackId: this.storage.stackId,
        requested: { source: volumeId },
        labels,
        sourceUid: record.uid,
      });
    const known = await findKnown(this.storage, volume);
    const { object } = await take(known).catch(async (error) => {
      // Another volume may have the name by now
      const live = await findLive(this.storage, volume);
      if (live.record.uid === known.record.uid) throw error;
      return take(live);
    });
    return objectInfo(where, object);
  }

  /** Makes or changes the snapshot policy of that name that this owner has. Whoever runs policies finds it with its targets. */
  async applyPolicy(name: string, settings: PolicySettings): Promise<{ uid: string; generation: number }> {
    const { labels, ...requested } = settings;
    assertInputs(kinds.snapshotPolicy, name, { name, ...settings });
    const { uid, generation } = await applyPolicy(
      this.storage,
      undefined,
      {
        name,
        owner: `${this.owner}/SnapshotPolicy/${name}`,
        stackId: this.storage.stackId,
        requested,
        labels: labels ?? {},
        targets: settings.targets.map(volumeOf),
      },
      [],
    );
    return { uid, generation };
  }

  /**
   * Puts a snapshot's bytes back into its volume, which must not be in use. The bytes it had are kept in a safety
   * snapshot first, whose id is returned with the volume. Where a rollback of it was interrupted, this one finishes it: what it had
   * before is in the safety snapshot of then.
   */
  async rollback(snapshotId: string): Promise<{ volume: ObjectInfo; safety?: ObjectInfo }> {
    const where = objectOf(snapshotId);
    const snapshot = await findLive(this.storage, where);
    const volume = { ...where, name: where.name.split("@")[0] as string };
    const current = await findLive(this.storage, volume);
    // A new name every time: the safety snapshot of an attempt that failed does not have what was written since
    const safety =
      current.rollingBackTo === undefined
        ? await this.createSnapshot(formatObjectId(volume), `${safetyPrefix}${newUid().slice(0, 12)}`)
        : await this.lastSafety(where, current.record.uid);
    const object = await this.storage
      .backend(where.backend)
      .write(undefined, (driver, call) =>
        driver.rollback(
          poolRef(where),
          { uid: current.record.uid, claim: current.record.claim },
          snapshot.record.uid,
          call,
        ),
      );
    await this.storage.note(where, (view) => view.put(object));
    return { volume: objectInfo(volume, object), ...(safety && { safety }) };
  }

  /** The safety snapshot of a rollback that was interrupted. */
  private async lastSafety(pool: PoolId, volumeUid: string): Promise<ObjectInfo | undefined> {
    const view = await this.storage.view(pool, { maxAgeMs: 0 });
    const [last] = view
      .all()
      .filter(
        ({ phase, record }) =>
          phase === "live" && record.sourceUid === volumeUid && record.name.includes(`@${safetyPrefix}`),
      )
      .sort((a, b) => Date.parse(b.record.createdAt) - Date.parse(a.record.createdAt));
    return last && objectInfo({ ...pool, name: last.record.name }, last);
  }

  /** Makes a clone share nothing any more with what it was made from. Its bytes, id and record stay; it may be open meanwhile. */
  async flatten(id: string): Promise<ObjectInfo> {
    const where = objectOf(id);
    const { record } = await findLive(this.storage, where);
    const match = { uid: record.uid, claim: record.claim };
    const object = await this.storage
      .backend(where.backend)
      .write(undefined, (driver, call) => driver.flatten(poolRef(where), match, call));
    await this.storage.note(where, (view) => view.put(object));
    return objectInfo(where, object);
  }
  /**
   * The user and the key that open a live volume; without them where it needs none. The key is kept nowhere: every call asks the
   * backend for it. Hand it to who opens the volume, and print or store it nowhere else.
   */
  key(id: string): Promise<VolumeKey> {
    return keyOf(this.storage, objectOf(id));
  }

  /** Deletes a volume or snapshot: into the trash of its pool. */
  async delete(id: string): Promise<"trashed" | "gone" | "superseded"> {
    const where = objectOf(id);
    const found = (await this.storage.view(where, { maxAgeMs: 0 })).byName(where.name);
    return found ? removeObject(this.storage, where, held(found)) : "gone";
  }
  /** Brings an object back from the trash. */
  async undelete(poolId: string, uid: string, name?: string): Promise<ObjectInfo> {
    const where = poolOf(poolId);
    const object = await undeleteObject(this.storage, where, uid, name);
    return objectInfo({ ...where, name: object.record.name }, object);
  }
  /** Ends what has expired in a pool's trash; with `uid` that object at once, whatever its time. */
  async purge(poolId: string, uid?: string): Promise<Purged> {
    const where = poolOf(poolId);
    if (uid === undefined) return purgeExpired(this.storage, where);
    return { purged: (await purgeObject(this.storage, where, { uid, allowDataLoss: uid })) ? [uid] : [], kept: [] };
  }

  async get(id: string): Promise<ObjectInfo> {
    const where = objectOf(id);
    return objectInfo(where, await findLive(this.storage, where));
  }
  /** Everything in a pool, the trash included. Complete, or an error. */
  async list(poolId: string): Promise<ObjectInfo[]> {
    const where = poolOf(poolId);
    const view = await this.storage.view(where, { maxAgeMs: 0 });
    return view.all().map((object) => objectInfo({ ...where, name: object.record.name }, object));
  }
  /** The snapshot policies that act in a pool. */
  async listPolicies(poolId: string): Promise<PolicyInfo[]> {
    const where = poolOf(poolId);
    const view = await this.storage.view(where, { maxAgeMs: 0 });
    return view.policies().map((record) => policyInfo(where, record));
  }
  /** The live objects of a pool that are none of `known`: the uids in the states of all stacks that use it. */
  async orphans(poolId: string, known: Iterable<string>): Promise<ObjectInfo[]> {
    const uids = new Set(known);
    return (await this.list(poolId)).filter((object) => object.phase === "live" && !uids.has(object.uid));
  }
  /** What the backend sees using an object now. A floor, not a proof. */
  async holders(id: string): Promise<Holder[]> {
    const where = objectOf(id);
    const { record } = await findLive(this.storage, where);
    return this.storage
      .backend(where.backend)
      .read(undefined, (driver, call) => driver.holders(poolRef(where), record.uid, call));
  }
  /** Registers who uses a volume, so that nothing deletes it under them, or takes that back. */
  async setConsumers(id: string, consumers: string[]): Promise<ObjectInfo> {
    const where = objectOf(id);
    const { record } = await findLive(this.storage, where);
    const since = new Date().toISOString();
    const kept = new Map(record.consumers.map((consumer) => [consumer.id, consumer]));
    const change = { consumers: consumers.map((consumer) => kept.get(consumer) ?? { id: consumer, since }) };
    const match = { uid: record.uid, claim: record.claim, revision: record.revision };
    const object = await this.storage
      .backend(where.backend)
      .write(undefined, (driver, call) => driver.update(poolRef(where), match, change, call));
    await this.storage.note(where, (view) => view.put(object));
    return objectInfo(where, object);
  }
  /** Checks a pool, and with `repair` mends what can be mended without giving up data. */
  fsck(poolId: string, options: FsckOptions = { repair: false }): Promise<Finding[]> {
    const where = poolOf(poolId);
    const backend = this.storage.backend(where.backend);
    this.storage.forgetLook(where);
    const run = (driver: Driver, call: Call) => driver.fsck(poolRef(where), options, call);
    return options.repair ? backend.write(undefined, run) : backend.read(undefined, run);
  }
  close(): Promise<void> {
    return this.storage.close();
  }
}

function held(object: StoredObject): HeldObject {
  return object.record;
}

function given<T extends object>(settings: T): Partial<T> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Partial<T>;
}

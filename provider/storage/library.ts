import { roomIn } from "../drivers/capacity";
import type { Call, Driver, Finding, FsckOptions, Holder, StoredObject, StoredPool } from "../drivers/driver";
import { newUid } from "../drivers/record";
import { KrStorageError } from "../model/errors";
import { propertyPath, reasonOf } from "../model/issues";
import type { Kind } from "../model/kind";
import { kinds } from "../model/kinds";
import {
  formatObjectId,
  formatPoolId,
  type ObjectId,
  type PoolId,
  parseObjectId,
  parsePoolId,
  snapshotName,
} from "../model/names";
import type { PoolInputs } from "../model/pool";
import { parseBytes } from "../model/quantity";
import type { Connection } from "../model/volume";
import { resolveConfig } from "./configSources";
import { maxLookAgeMs } from "./looks";
import { changeObject, ensureObject, type HeldObject, removeObject } from "./objects";
import { ensurePool, poolSettings, removePool } from "./pools";
import { poolRef, Storage, type StorageEnv } from "./storage";
import { findLive, type Purged, purgeExpired, purgeObject, undeleteObject } from "./trash";

/** What `openStorage` takes. Without `backends`, configuration comes from `KRSTORAGE_CONFIG` or the default. */
export interface OpenOptions extends StorageEnv {
  backends?: Record<string, unknown>;
  stackId?: string;
  /** Who the objects belong to that this program makes. Default "library". */
  owner?: string;
}

/** A volume or snapshot as the library shows it. */
export interface ObjectInfo {
  id: string;
  uid: string;
  kind: "volume" | "snapshot";
  status: StoredObject["health"];
  phase: StoredObject["phase"];
  sizeBytes: number;
  actualSizeBytes: number;
  owner: string;
  labels: Record<string, string>;
  createdAt: string;
  /** Of what is in the trash: when its data may end. */
  expiresAt?: string;
  connection?: Connection;
}
export interface PoolInfo {
  id: string;
  uid: string;
  identity: string;
  provisionedBytes: number;
  availableBytes: number;
  freeBytes: number;
  totalBytes: number;
}

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
    settings: Pick<PoolInputs, "capacity" | "maxOvercommit" | "reserve" | "trashRetention" | "labels"> = {},
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

  async createVolume(
    id: string,
    settings: { size: string; labels?: Record<string, string>; from?: string; adopt?: string },
  ): Promise<ObjectInfo> {
    const where = volumeOf(id);
    const { from: _, ...inputs } = settings;
    assertInputs(kinds.volume, id, inputs);
    const sizeBytes = sizeOf(id, settings.size);
    const source = settings.from === undefined ? undefined : await this.source(where, settings.from);
    const { object } = await ensureObject(this.storage, where, {
      kind: "volume",
      owner: `${this.owner}/Volume/${where.name}`,
      stackId: this.storage.stackId,
      requested: {
        size: settings.size,
        ...(settings.from === undefined
          ? {}
          : { source: { [settings.from.includes("@") ? "snapshot" : "volume"]: settings.from } }),
      },
      labels: settings.labels ?? {},
      sizeBytes,
      sourceUid: source?.record.uid,
      adopt: settings.adopt,
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
  /** Takes a snapshot named `name` of a volume. */
  async createSnapshot(volumeId: string, name: string, labels: Record<string, string> = {}): Promise<ObjectInfo> {
    const volume = volumeOf(volumeId);
    assertInputs(kinds.snapshot, volumeId, { name, labels });
    const where = { ...volume, name: snapshotName(volume.name, name) };
    const source = await findLive(this.storage, volume);
    const { object } = await ensureObject(this.storage, where, {
      kind: "snapshot",
      owner: `${this.owner}/Snapshot/${where.name}`,
      stackId: this.storage.stackId,
      requested: { source: volumeId },
      labels,
      sourceUid: source.record.uid,
    });
    return objectInfo(where, object);
  }

  /**
   * Puts a snapshot's bytes back into its volume, which must not be in use. The bytes it had are kept in a safety
   * snapshot first, whose id is returned with the volume.
   */
  async rollback(snapshotId: string): Promise<{ volume: ObjectInfo; safety: ObjectInfo }> {
    const where = objectOf(snapshotId);
    const snapshot = await findLive(this.storage, where);
    const volume = { ...where, name: where.name.split("@")[0] as string };
    const current = await findLive(this.storage, volume);
    // A new name every time: the safety snapshot of an attempt that failed does not have what was written since
    const safety = await this.createSnapshot(formatObjectId(volume), `before-rollback-${newUid().slice(0, 12)}`);
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
    return { volume: objectInfo(volume, object), safety };
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

  private source(target: ObjectId, id: string): Promise<StoredObject> {
    return resolveSource(this.storage, target, id);
  }
}

/** The object a clone is made from. Throws UNSUPPORTED for another pool, NOT_FOUND for an absent one. */
export async function resolveSource(
  storage: Storage,
  target: PoolId,
  id: string,
  signal?: AbortSignal,
): Promise<StoredObject> {
  const where = objectOf(id);
  if (formatPoolId(where) !== formatPoolId(target)) {
    throw new KrStorageError(
      "UNSUPPORTED",
      `${id} is in another pool than ${formatPoolId(target)}; a clone is made in the pool of its source`,
      { target: id, issues: [{ path: "source", message: "is in another pool" }] },
    );
  }
  // The driver finds the source by its uid once more, so a look serves: hundreds of snapshots are not hundreds of lists
  const known = (await storage.view(where, { maxAgeMs: maxLookAgeMs, signal })).byName(where.name);
  return known?.phase === "live" ? known : findLive(storage, where, signal);
}

function sizeOf(id: string, size: string): number {
  const parsed = parseBytes(size);
  if ("bytes" in parsed) return parsed.bytes;
  throw new KrStorageError("INVALID_ARGUMENT", `${id}: ${parsed.problem}`, {
    target: id,
    issues: [{ path: "size", message: parsed.problem }],
  });
}

function held(object: StoredObject): HeldObject {
  return object.record;
}

/** Throws INVALID_ARGUMENT where the model of the kind refuses an input, naming each. */
function assertInputs(kind: Kind, target: string, inputs: Record<string, unknown>): void {
  const issues = Object.entries(inputs).flatMap(([key, value]) => {
    const found = kind.inputs[key]?.safeParse(value).error?.issues ?? [];
    return found.map((issue) => ({ path: propertyPath([key, ...issue.path]), message: reasonOf(issue) }));
  });
  if (issues.length === 0) return;
  const text = issues.map((issue) => `${issue.path}: ${issue.message}`).join("; ");
  throw new KrStorageError("INVALID_ARGUMENT", `${target}: ${text}`, { target, issues });
}

function poolOf(id: string): PoolId {
  const parsed = parsePoolId(id);
  if (parsed) return parsed;
  throw new KrStorageError(
    "INVALID_ARGUMENT",
    `"${id}" is not a pool id; write "<backend>/<pool>", such as "main/ssd"`,
    { target: id },
  );
}

function volumeOf(id: string): ObjectId {
  const parsed = parseObjectId(id);
  if (parsed && !parsed.name.includes("@")) return parsed;
  throw new KrStorageError("INVALID_ARGUMENT", `"${id}" is not the id of a volume; write "<backend>/<pool>/<volume>"`, {
    target: id,
  });
}

function objectOf(id: string): ObjectId {
  const parsed = parseObjectId(id);
  if (parsed) return parsed;
  throw new KrStorageError(
    "INVALID_ARGUMENT",
    `"${id}" is not the id of a volume or snapshot; write "<backend>/<pool>/<volume>" or "<backend>/<pool>/<volume>@<snapshot>"`,
    { target: id },
  );
}

function poolInfo(id: PoolId, pool: StoredPool): PoolInfo {
  const { capacity, record } = pool;
  const { availableBytes } = roomIn(record.settings, capacity);
  return {
    id: formatPoolId(id),
    uid: record.uid,
    identity: record.identity,
    provisionedBytes: capacity.provisionedBytes,
    availableBytes,
    freeBytes: capacity.freeBytes,
    totalBytes: capacity.totalBytes,
  };
}

function objectInfo(id: ObjectId, object: StoredObject): ObjectInfo {
  const { record } = object;
  return {
    id: formatObjectId(id),
    uid: record.uid,
    kind: record.kind,
    status: object.health,
    phase: object.phase,
    sizeBytes: record.sizeBytes,
    actualSizeBytes: object.actualSizeBytes,
    owner: record.owner,
    labels: record.labels,
    createdAt: record.createdAt,
    ...(record.expiresAt === undefined ? {} : { expiresAt: record.expiresAt }),
    ...(object.connection === undefined ? {} : { connection: object.connection }),
  };
}

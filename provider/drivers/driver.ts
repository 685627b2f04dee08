import type { z } from "zod";
import type { Image } from "../model/image";
import type { PoolCapabilities } from "../model/pool";
import type { ShareConnection } from "../model/share";
import type { Consistency } from "../model/snapshot";
import type { Connection } from "../model/volume";
import type { CapacityFacts } from "./capacity";
import type { ObjectRecord, ObjectSettings, PolicyRecord, PoolRecord, PoolSettings, Taken } from "./record";

/**
 * The contract between KRStorage and one type of backend.
 *
 * Every method holds under the fault model: the process may be killed at any instruction, power may fail, replies may be
 * lost, late or repeated, and several writers may act at once. A method that returned has been made durable. Absent is
 * `undefined`; errors are `KrStorageError`. `krstorage/testing` proves all of this against the real backend.
 */
export interface Driver {
  readonly type: string;

  /** The pools of this backend that KRStorage made. */
  listPools(call: Call): Promise<StoredPool[]>;
  /**
   * One pool, or undefined where none was ever made. An empty folder or unmounted disk looks the same: whoever knows an
   * identity passes it and gets UNAVAILABLE instead, or PRECONDITION_FAILED for a pool with another identity.
   */
  readPool(pool: PoolRef, call: Call): Promise<StoredPool | undefined>;
  /**
   * What a new pool of that name and with these settings would be, so that a preview can tell whether a whole new stack can be made. Only looks: nothing is
   * written. Throws what `createPool` would throw, as far as a look shows it.
   */
  prospect(name: string, call: Call, settings?: PoolSettings): Promise<Prospect>;
  /** Makes a pool, its identity included. Throws ALREADY_EXISTS where one is, or where files that are not ours are. */
  createPool(pool: NewPool, call: Call): Promise<StoredPool>;
  updatePool(pool: PoolRef, match: Match, change: PoolChange, call: Call): Promise<StoredPool>;
  /**
   * Removes what `createPool` made, if nothing is left in it. With only trash inside it is retired instead; with live objects
   * it is IN_USE; CONFLICT for another uid or claim. `gone` only where it can prove that this pool was removed before: a
   * pool that is not there is otherwise UNAVAILABLE, since its disk may not be mounted.
   */
  removePool(pool: PoolRef, match: Match, call: Call): Promise<"removed" | "retired" | "gone">;

  /** Everything in a pool, in O(1) backend calls. Complete or an error; an UNAVAILABLE pool is never an empty one. */
  list(pool: PoolRef, call: Call): Promise<Listing>;
  /**
   * The size of a file that a volume could be made from. Throws UNSUPPORTED where the pool's capabilities exclude images,
   * NOT_FOUND for an absent one, IN_USE while anything writes to it, INVALID_ARGUMENT for what is no plain file.
   */
  inspectImage(pool: PoolRef, image: Image, call: Call): Promise<{ sizeBytes: number }>;
  /**
   * Makes a volume or share, or takes a snapshot of one. Exclusive by name within the pool: throws ALREADY_EXISTS without touching what is there.
   * Of one source there is at most one live snapshot with a policy and slot in `taken`, whatever it is called: the next one is ALREADY_EXISTS.
   * Nothing is visible under the name until it is complete and durable. Throws QUOTA_EXCEEDED where it does not fit, IN_USE
   * where the source is in use and the pool cannot copy a running disk, NOT_FOUND for an absent source, PRECONDITION_FAILED
   * in a retired pool, INVALID_ARGUMENT for a hostile name, uid or size, UNSUPPORTED for what the pool's capabilities exclude. A uid that was ever in the pool is not taken again.
   */
  create(pool: PoolRef, object: NewObject, call: Call): Promise<StoredObject>;
  /** Changes a record. Throws NOT_FOUND if the uid is not live, CONFLICT if claim or revision differ. */
  update(pool: PoolRef, match: Match, change: RecordChange, call: Call): Promise<StoredObject>;
  /** Raises the size in place. Throws PRECONDITION_FAILED if it would shrink, QUOTA_EXCEEDED if it does not fit. */
  grow(pool: PoolRef, match: Match, sizeBytes: number, call: Call): Promise<StoredObject>;
  /**
   * Puts the bytes of a snapshot back into its volume. Throws IN_USE while anything uses the volume, UNSUPPORTED for a share
   * where the backend cannot do it at one instant. The size never shrinks.
   */
  rollback(pool: PoolRef, match: Match, snapshotUid: string, call: Call): Promise<StoredObject>;
  /**
   * Makes a volume share nothing any more with what it was made from, so that the room of that comes free when it is purged. Changes
   * neither bytes nor record. Throws QUOTA_EXCEEDED where the copy does not fit. What is independent already stays as it is.
   */
  flatten(pool: PoolRef, match: Match, call: Call): Promise<StoredObject>;

  /**
   * Moves an object to the trash: the name is free, the bytes stay until `expiresAt`. Returns undefined if the uid is not live
   * (deleting what is gone succeeds). Throws CONFLICT for another claim, PRECONDITION_FAILED if protected, IN_USE while
   * consumers, holds, live snapshots or anything the backend sees use it. Snapshots that policies took, unprotected and unheld,
   * do not keep it: they go to the trash with it, at once with it.
   */
  trash(pool: PoolRef, match: Match, retentionMs: number, call: Call): Promise<StoredObject | undefined>;
  /**
   * Brings an object back from the trash under a new claim, from a retired pool too; with it the snapshots that went with it.
   * Its policies are gone: a stack attaches them again. Throws ALREADY_EXISTS if the name is taken, NOT_FOUND if it is not in
   * the trash.
   */
  undelete(pool: PoolRef, object: Undelete, call: Call): Promise<StoredObject>;
  /**
   * Removes trashed data for good. Without `allowDataLoss` only what has expired by the backend's clock (PRECONDITION_FAILED
   * otherwise); with it, the very object it names. Never what is live, held or in use. False if the uid is not in the pool.
   */
  purge(pool: PoolRef, purge: Purge, call: Call): Promise<boolean>;

  /**
   * Keeps the record of a policy in a pool. Throws ALREADY_EXISTS for a uid that is there, and where its owner has one of that name there;
   * PRECONDITION_FAILED in a retired pool.
   */
  createPolicy(pool: PoolRef, policy: NewPolicy, call: Call): Promise<PolicyRecord>;
  /** Changes the record of a policy. Throws NOT_FOUND if the uid is not there, CONFLICT if claim or revision differ. */
  updatePolicy(pool: PoolRef, match: Match, change: PolicyChange, call: Call): Promise<PolicyRecord>;
  /** Removes the record of a policy, and no snapshot. False if the uid is not there. Throws CONFLICT for another claim. */
  removePolicy(pool: PoolRef, match: Match, call: Call): Promise<boolean>;

  /**
   * The secret that the `user` in a live object's connection proves itself with; undefined where its connection needs none. Kept in
   * no record. Only looks: nothing is written, no user made. Throws NOT_FOUND if the uid is not live, PERMISSION_DENIED where KRStorage may not have it.
   */
  key(pool: PoolRef, uid: string, call: Call): Promise<string | undefined>;
  /**
   * What the backend stands on: how it says it is, its machines, their disks, and the room by class of disk. Only looks, with a few
   * requests whatever its size. Absent where a backend has no machines and disks of its own, as one folder of one host.
   */
  nodes?(call: Call): Promise<Nodes>;
  /** What the backend sees using an object now. A floor, not a proof. */
  holders(pool: PoolRef, uid: string, call: Call): Promise<Holder[]>;
  /** Checks a pool, and with `repair` mends what can be mended without giving up data. */
  fsck(pool: PoolRef, options: FsckOptions, call: Call): Promise<Finding[]>;
  /** Releases what the driver keeps open. The driver must not be used afterwards. */
  close(): Promise<void>;
}

/** A driver as the registry knows it. */
export interface DriverType<Options extends z.ZodObject = z.ZodObject> {
  readonly type: string;
  /** The options of a backend of this type, beside those that all types take. Secrets are marked with `.meta({ secret: true })`. */
  readonly options: Options;
  /** What its pools can do, by what they are on (`on btrfs, xfs`), as documentation and messages show it. A pool finds out for itself. */
  readonly capabilities?: Readonly<Record<string, PoolCapabilities>>;
  /** No I/O here: opening must work, and cost nothing, where the backend is down. */
  open(backend: OpenBackend<z.output<Options>>, env: DriverEnv): Driver;
}

/** What opening a backend is given. */
export interface OpenBackend<Options> {
  /** Its name in configuration; for messages. */
  name: string;
  options: Options;
}

/** What a driver may use of the world. Tests put their own here. */
export interface DriverEnv {
  clock: Clock;
  log: Log;
}

export interface Clock {
  /** Wall clock, ms since 1970. May jump. */
  now(): number;
  /** Milliseconds since boot, sleep included. Never jumps. */
  uptime(): number;
  /** Changes with every boot of the machine. */
  bootId(): string;
}

/** Messages for people. They are redacted by whoever prints them. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
}

export interface Call {
  signal: AbortSignal;
  actor: Actor;
  /** Told now and then how far a long copy has come. A driver that cannot know stays silent. */
  progress?: (progress: Progress) => void;
}
/** How much of a long copy is done, in bytes. */
export interface Progress {
  doneBytes: number;
  totalBytes: number;
}
/** Who acts, for the audit log and for `createdBy`. */
export interface Actor {
  /** User, host and program, such as "ana@db1 pulumi". */
  by: string;
  stack?: string;
}

/** A pool as a caller knows it. With `identity`, every call verifies it before anything else. */
export interface PoolRef {
  name: string;
  identity?: string;
}
/** Compare-and-act: the object must be this one, held by this claim, and at this revision where one is given. */
export interface Match {
  uid: string;
  claim: string;
  revision?: number;
}

/** What a new pool, object or policy has of who declares it, and how. */
interface Declared {
  name: string;
  uid: string;
  claim: string;
  owner: string;
  stackId?: string;
  /** The inputs as spelled, without labels, protection and permissions. */
  requested: Record<string, unknown>;
  labels: Record<string, string>;
}
/** Fields that are given replace the recorded ones. */
type DeclaredChange = Partial<Omit<Declared, "name" | "uid">>;

export interface NewPool extends Declared {
  settings: PoolSettings;
}
export interface PoolChange extends DeclaredChange {
  settings?: PoolSettings;
  /** Only undefined is allowed: bringing a retired pool back. */
  retiredAt?: undefined;
}
export interface NewObject extends Declared {
  kind: ObjectRecord["kind"];
  protection: boolean;
  /** Of a volume or share. At least the size of its source. A snapshot has the size of what it is taken of. */
  sizeBytes?: number;
  /** The uid, in the same pool, of what a snapshot is taken of or a clone is made from. */
  sourceUid?: string;
  /** A file on the backend's host that a volume starts with, in place of `sourceUid`. */
  image?: Image;
  settings?: ObjectSettings;
  policies?: ObjectRecord["policies"];
  /** Of a snapshot that a policy takes. */
  taken?: Taken;
}
export interface RecordChange extends DeclaredChange {
  protection?: boolean;
  consumers?: ObjectRecord["consumers"];
  holds?: ObjectRecord["holds"];
  settings?: ObjectSettings;
  policies?: ObjectRecord["policies"];
  /** Of a snapshot: applications were held still while it was taken. It only ever gets better. */
  consistency?: "app";
}
export interface NewPolicy extends Declared {
  generation: number;
  targets: PolicyRecord["targets"];
}
export interface PolicyChange extends DeclaredChange {
  name?: string;
  generation?: number;
  targets?: PolicyRecord["targets"];
  approvedDeletes?: number;
}
export interface Undelete {
  uid: string;
  claim: string;
  /** Another name than it had, where that is taken. */
  name?: string;
}
export interface Purge {
  uid: string;
  /** The uid again: permission to end this object's data before its time. */
  allowDataLoss?: string;
}

export interface StoredPool {
  record: PoolRecord;
  capacity: CapacityFacts;
  /** What it stands on, where that decides what it can do, such as "ext4". For messages. */
  medium?: string;
}
/** A pool that is still to be made: the room that it would have, and what else a look tells of it. */
export interface Prospect extends CapacityFacts {
  /**
   * What it could do, as far as that is certain before it is made: all of it where `copyOnWrite`, `onlineSnapshot` and `trash` are
   * among it. What is absent is found out when the pool is made.
   */
  capabilities?: Partial<PoolCapabilities>;
  /** What it would stand on, as in `StoredPool`. */
  medium?: string;
  /** What making it would do that is easily not meant, as sentences. */
  notes?: string[];
}
export interface StoredObject {
  record: ObjectRecord;
  /** `creating` and `purging` are under way or were interrupted; they are never taken for complete objects. */
  phase: "creating" | "live" | "trashed" | "purging";
  health: "ready" | "missing" | "damaged" | "copied";
  /** Why health is not `ready`, as a sentence. */
  problem?: string;
  /**
   * Of a volume: the uid of the snapshot whose bytes are being put back, where half of that is of no use. One that was interrupted is
   * finished by the same rollback again.
   */
  rollingBackTo?: string;
  /** The size the backend gives, in bytes. */
  actualSizeBytes: number;
  /** What its data occupies on the backend now, in bytes; blocks shared with others count for each. Absent where the backend cannot tell. */
  allocatedBytes?: number;
  /** How to reach it; only for live volumes and shares. */
  connection?: Connection | ShareConnection;
}
/** An object or policy whose record cannot be read: listed, never taken for gone, unowned or half-made. */
export interface DamagedRecord {
  uid: string;
  name?: string;
  problem: string;
}
export interface Listing {
  pool: StoredPool;
  objects: StoredObject[];
  /** The policies that have targets in the pool. One whose record cannot be read is in `damaged`. */
  policies: PolicyRecord[];
  damaged: DamagedRecord[];
  /** The backend's clock when the list was taken, ms since 1970. */
  at: number;
}
export interface Holder {
  /** As a person would name it: "process 4711 (qemu-system-x86)", "/dev/loop3". */
  name: string;
  /** Whether it can write; readers do not tear a copy. */
  writes: boolean;
}
/** What a backend stands on. */
export interface Nodes {
  health: Health;
  /** By name. */
  nodes: StorageNode[];
  /** By name. */
  classes: DeviceClass[];
}
/** How a backend says it is. */
export interface Health {
  /** `failing` is what needs somebody now: data or service are at stake. */
  status: HealthStatus;
  /** The backend's own word for it, such as "HEALTH_WARN". */
  word: string;
  /** What it finds wrong, the worst first. */
  checks: HealthCheck[];
}
export type HealthStatus = "ok" | "warning" | "failing";
export interface HealthCheck {
  /** The backend's own name for it, such as "OSD_DOWN". */
  code: string;
  status: Exclude<HealthStatus, "ok">;
  message: string;
  /** Somebody has silenced it: it does not count for the backend's status. */
  isMuted: boolean;
}
/** A machine with disks of the backend, or another place that the backend tells apart by name. */
export interface StorageNode {
  name: string;
  devices: Device[];
}
/** One disk, with whatever serves it. */
export interface Device {
  /** As the backend calls it, such as "osd.3". */
  name: string;
  /** Of which class it is, such as "ssd"; absent where it has none. */
  class?: string;
  /** Whether it answers. */
  isUp: boolean;
  /** Whether the backend keeps data on it. */
  isIn: boolean;
}
/** The room of all disks of one class, before any copies: raw bytes. */
export interface DeviceClass {
  name: string;
  totalBytes: number;
  freeBytes: number;
}
export interface FsckOptions {
  repair: boolean;
  /** The identity of a pool that is a copy of another's files and is to be taken for the original from now on. */
  acceptCopied?: string;
}
export interface Finding {
  /** The uid or path it is about. */
  object: string;
  message: string;
  repaired: boolean;
}
export type { Consistency };

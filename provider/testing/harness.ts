import type { Driver, StoredObject, StoredPool } from "../drivers/driver";
import type { Image } from "../model/image";
import type { PoolCapabilities } from "../model/pool";
import type { ClockControl } from "./clock";

/** What a backend type may be unable to do at all. Its cases then prove the refusal: UNSUPPORTED, and nothing changed. */
export type Feature = "snapshot" | "clone" | "rollback" | "grow" | "trash" | "share" | "shareSnapshot" | "image";

/** Ends what a hook began. */
export type Release = () => void | Promise<void>;

/**
 * One real backend under test. Everything is optional that not every backend can have done to it; a case that needs a
 * missing hook is reported as skipped, with the reason.
 */
export interface Harness {
  readonly driverType: string;
  /** What pools here can do, found out without the driver: its own answer is compared with this. */
  readonly capabilities: PoolCapabilities;
  /** Operations this backend type does not have. Default: none. What pools cannot do says `capabilities`: a trash, shares, snapshots of them. */
  readonly unsupported?: readonly Exclude<Feature, "trash" | "share" | "shareSnapshot" | "image">[];
  /** Moves the clock that the drivers opened here are given. */
  readonly clock: ClockControl;
  /** The sizes that the suite uses are multiples of this. Default 1 MiB; no less than 16 KiB. */
  readonly unitBytes?: number;
  /** How many objects the longest list has. Default 1,200: more than a page of the backends we know. */
  readonly manyObjects?: number;

  /** New, empty storage, and a driver on it. */
  open(): Promise<Driver>;
  /** Another driver on the same storage, as another process or another agent would have. */
  reopen(): Promise<Driver>;
  /** Ends the storage and whatever `open` left running. Called after every case, when its drivers are closed. */
  cleanup(): Promise<void>;

  /** Writes into a live volume as its user would, past the driver. */
  writeBytes(volume: StoredObject, offset: number, bytes: Uint8Array): Promise<void>;
  /** Reads from a live volume as its user would, past the driver. */
  readBytes(volume: StoredObject, offset: number, length: number): Promise<Uint8Array>;

  /** Writes a file into a live share as its user would. Folders of its path are made. */
  putFile?(share: StoredObject, path: string, text: string): Promise<void>;
  /** Reads a file of a live share as its user would; undefined where none is. */
  getFile?(share: StoredObject, path: string): Promise<string | undefined>;
  /** Makes a symbolic link in a live share. */
  putLink?(share: StoredObject, path: string, target: string): Promise<void>;
  /** The target of a symbolic link in a live share; undefined where there is none, or something else. */
  getLink?(share: StoredObject, path: string): Promise<string | undefined>;
  /** Has someone write into a share again and again, without holding anything open in between. */
  keepWriting?(share: StoredObject): Promise<Release>;

  /** Puts a file on the backend's host that a volume can be made from. */
  putImage?(bytes: Uint8Array): Promise<Image>;
  /** Has someone hold such a file open for writing. */
  useImage?(image: Image): Promise<Release>;

  /** Has someone use a volume, or a file in a share, for writing, in a way that the backend can see. */
  use?(object: StoredObject): Promise<Release>;
  /** Removes the bytes of an object past the driver. Its record stays. */
  removeBehindBack?(pool: StoredPool, uid: string): Promise<void>;
  /** Edits the record of an object or a policy as stored, past the driver: a newer version's fields, damage. */
  editRecord?(pool: StoredPool, uid: string, edit: (record: Record<string, unknown>) => void): Promise<void>;
  /** Takes the storage of a pool away, as an unmounted disk: what is seen in its place is empty. */
  unmount?(pool: StoredPool): Promise<Release>;
  /** Puts another pool of the same name in the place of this one, as a wrong or restored disk. */
  swapBackend?(pool: StoredPool): Promise<Release>;
  /** Makes lists of a pool fail after they have begun to find objects. */
  breakLists?(pool: StoredPool): Promise<Release>;
  /** Puts something of somebody else's where a pool of this name would be made. */
  plantForeign?(poolName: string): Promise<void>;
}

/** The hooks of a harness, by name. */
export type Hook =
  | "putFile"
  | "getFile"
  | "putLink"
  | "getLink"
  | "keepWriting"
  | "putImage"
  | "useImage"
  | "use"
  | "removeBehindBack"
  | "editRecord"
  | "unmount"
  | "swapBackend"
  | "breakLists"
  | "plantForeign";

export function supports(harness: Harness, feature: Feature): boolean {
  const { trash, shareProtocols = [], shareSnapshot = "none" } = harness.capabilities;
  if (feature === "trash") return trash;
  if (feature === "image") return harness.capabilities.images === true;
  if (feature === "share") return shareProtocols.length > 0;
  if (feature === "shareSnapshot") return shareProtocols.length > 0 && shareSnapshot !== "none";
  return !harness.unsupported?.includes(feature);
}

import type { ObjectRecord, PolicyRecord, PoolRecord } from "../../../provider/drivers/record";
import type { PoolCapabilities } from "../../../provider/model/pool";

/** Everything that the memory backend knows, as plain data: what a disk would keep between processes. */
export interface MemoryState {
  totalBytes: number;
  capabilities: PoolCapabilities;
  /** The backend's own clock: its distance from the uptime of the machine, since the boot that it was read in. */
  clock?: { bootId: string; offset: number };
  pools: Record<string, MemoryPool>;
  /** The uids of pools that were removed, so that a repeated removal is told from a pool that is away. */
  removed: string[];
  /** Names under which something of somebody else's is. */
  foreign: string[];
  /** Makes lists fail after so many objects. */
  listFailsAfter?: number;
}

export interface MemoryPool {
  record: PoolRecord;
  objects: MemoryObject[];
  policies: PolicyRecord[];
}

export interface MemoryObject {
  record: ObjectRecord;
  phase: "live" | "trashed";
  /** In base64; undefined when they are lost. What lies behind their end reads as zeros. */
  bytes?: string;
  /** Who has it open for writing, as the backend sees it. */
  users: string[];
  /** Somebody writes into it all the time without having it open in between. */
  isWritten?: boolean;
}

export function emptyState(capabilities: Partial<PoolCapabilities> = {}): MemoryState {
  return {
    totalBytes: 2 ** 40,
    capabilities: {
      copyOnWrite: true,
      onlineSnapshot: "crash",
      trash: true,
      accessModes: ["ReadWriteOnce", "ReadOnlyMany"],
      qos: "consumer",
      shareProtocols: ["directory"],
      shareQuota: "advisory",
      shareSnapshot: "offline",
      ...capabilities,
    },
    pools: {},
    removed: [],
    foreign: [],
  };
}

/** The object of a uid, whatever its phase and pool. Throws if there is none: a test that asks for it is wrong. */
export function objectIn(state: MemoryState, uid: string): MemoryObject {
  const found = Object.values(state.pools)
    .flatMap((pool) => pool.objects)
    .find((object) => object.record.uid === uid);
  if (!found) throw new Error(`the memory backend has no object ${uid}`);
  return found;
}

/** The record of an object or a policy, to be edited as nobody but a test should. */
export function recordIn(state: MemoryState, uid: string): Record<string, unknown> {
  const policy = Object.values(state.pools)
    .flatMap((pool) => pool.policies)
    .find((record) => record.uid === uid);
  return policy ?? objectIn(state, uid).record;
}

export function writeMemoryBytes(state: MemoryState, uid: string, offset: number, bytes: Uint8Array): void {
  const object = objectIn(state, uid);
  const old = Buffer.from(object.bytes ?? "", "base64");
  const grown = Buffer.alloc(Math.max(old.length, offset + bytes.length));
  old.copy(grown);
  grown.set(bytes, offset);
  object.bytes = grown.toString("base64");
}

export function readMemoryBytes(state: MemoryState, uid: string, offset: number, length: number): Buffer {
  const object = objectIn(state, uid);
  if (object.bytes === undefined) throw new Error(`the bytes of ${uid} are lost`);
  const result = Buffer.alloc(length);
  result.set(Buffer.from(object.bytes, "base64").subarray(offset, offset + length));
  return result;
}

/** What a share holds: the text of its files, and the targets of its links, by path. Stored as the bytes of the object. */
export interface MemoryFiles {
  files: Record<string, string>;
  links: Record<string, string>;
}

export function memoryFiles(state: MemoryState, uid: string): MemoryFiles {
  const { bytes } = objectIn(state, uid);
  if (bytes === undefined) throw new Error(`the files of ${uid} are lost`);
  return bytes === "" ? { files: {}, links: {} } : JSON.parse(Buffer.from(bytes, "base64").toString());
}

export function editMemoryFiles(state: MemoryState, uid: string, edit: (content: MemoryFiles) => void): void {
  const content = memoryFiles(state, uid);
  edit(content);
  objectIn(state, uid).bytes = Buffer.from(JSON.stringify(content)).toString("base64");
}

import { type CapacityFacts, shortageOf } from "../../../provider/drivers/capacity";
import type { NewObject, PoolRef, StoredObject } from "../../../provider/drivers/driver";
import { formatVersion, type ObjectRecord, objectRecord } from "../../../provider/drivers/record";
import { shellQuote } from "../../../provider/drivers/shellQuote";
import { type ErrorCode, KrStorageError } from "../../../provider/model/errors";
import { nameProblem } from "../../../provider/model/names";
import type { PoolCapabilities } from "../../../provider/model/pool";
import type { MemoryObject, MemoryPool, MemoryState } from "./state";

export function refuse(code: ErrorCode, message: string): never {
  throw new KrStorageError(code, message);
}

/** A volume's name, or `<volume>@<snapshot>`. */
export function assertName(name: string): void {
  const problem = name
    .split("@")
    .map(nameProblem)
    .find((found) => found !== undefined);
  if (problem) refuse("INVALID_ARGUMENT", problem);
}

export function assertUid(uid: string): void {
  if (!/^[a-f0-9]{32}$/.test(uid)) refuse("INVALID_ARGUMENT", "a uid is 32 hexadecimal digits");
}

export function assertSize(sizeBytes: number | undefined): asserts sizeBytes is number {
  if (!Number.isSafeInteger(sizeBytes) || Number(sizeBytes) < 0)
    refuse("INVALID_ARGUMENT", `${sizeBytes} is not a size`);
}

/** The pool that is meant, or why it is not to be had. */
export function poolOf(state: MemoryState, ref: PoolRef): MemoryPool {
  const pool = state.pools[ref.name];
  if (!pool) refuse("UNAVAILABLE", `there is no pool "${ref.name}" to be seen`);
  if (ref.identity !== undefined && ref.identity !== pool.record.identity)
    refuse("PRECONDITION_FAILED", `pool "${ref.name}" is another one, ${pool.record.identity}`);
  return pool;
}

export function objectOf(pool: MemoryPool, uid: string): MemoryObject | undefined {
  return pool.objects.find((object) => object.record.uid === uid);
}

export function liveObject(pool: MemoryPool, uid: string): MemoryObject {
  const object = objectOf(pool, uid);
  if (object?.phase !== "live") refuse("NOT_FOUND", `there is no live object ${uid} in pool "${pool.record.name}"`);
  return object;
}

export function assertBytes(object: MemoryObject): asserts object is MemoryObject & { bytes: string } {
  if (object.bytes === undefined) refuse("PRECONDITION_FAILED", `the bytes of "${object.record.name}" are missing`);
}

/** What a newer version wrote, or nobody can read, is left alone. */
export function assertReadable({ record }: MemoryObject): void {
  if (record.formatVersion > formatVersion) refuse("UNSUPPORTED", `"${record.name}" was written by a newer version`);
  if (!objectRecord.safeParse(record).success) refuse("PROTOCOL", `the record of "${record.name}" cannot be read`);
}

export function assertUnused({ record, users }: MemoryObject): void {
  const holders = [
    ...users,
    ...record.consumers.map((consumer) => consumer.id),
    ...record.holds.map((hold) => `${hold.id} (${hold.reason})`),
  ];
  if (holders.length > 0) refuse("IN_USE", `"${record.name}" is in use by ${holders.join(", ")}`);
}

/** Makes live what is in the trash. */
export function bringBack(object: MemoryObject, name: string, claim: string): void {
  const { trashedAt: _at, trashedWith: _with, expiresAt: _expires, policies: _policies, ...record } = object.record;
  Object.assign(object, { phase: "live", record: { ...record, name, claim, revision: record.revision + 1 } });
}

/** What an object takes of its pool's room: only snapshots that share blocks with their source take none. */
export function promisedBytes({ record }: MemoryObject, { capabilities }: MemoryState): number {
  return record.kind === "snapshot" && capabilities.copyOnWrite ? 0 : record.sizeBytes;
}

export function capacityOf(pool: Pick<MemoryPool, "objects">, state: MemoryState): CapacityFacts {
  const occupied = (objects: MemoryObject[]) => objects.reduce((sum, object) => sum + (object.bytes?.length ?? 0), 0);
  return {
    totalBytes: state.totalBytes,
    freeBytes: state.totalBytes - Object.values(state.pools).reduce((sum, other) => sum + occupied(other.objects), 0),
    allocatedBytes: occupied(pool.objects),
    provisionedBytes: pool.objects.reduce((sum, object) => sum + promisedBytes(object, state), 0),
  };
}

export function assertRoom(pool: MemoryPool, state: MemoryState, wantedBytes: number): void {
  const shortage = shortageOf(wantedBytes, pool.record.settings, capacityOf(pool, state));
  if (shortage) refuse("QUOTA_EXCEEDED", shortage);
}

/** An object as callers get it: a copy, so that nothing they do to it changes what is stored. */
export function storedObject({ record, phase, bytes }: MemoryObject): StoredObject {
  return structuredClone({
    record,
    phase,
    ...(bytes === undefined
      ? { health: "missing" as const, problem: "its bytes are gone" }
      : { health: "ready" as const }),
    actualSizeBytes: record.sizeBytes,
    ...(phase === "live" ? connectionOf(record) : {}),
  });
}

function connectionOf({ kind, uid, name }: ObjectRecord): Pick<StoredObject, "connection"> {
  const path = `/memory/${uid}`;
  if (kind === "volume") return { connection: { type: "file", path, format: "raw" } };
  if (kind === "snapshot") return {};
  const mountCommand = `mount -o bind -- ${shellQuote(path)} ${shellQuote(`/mnt/${name}`)}`;
  return { connection: { type: "directory", path, source: path, fileSystem: "none", options: ["bind"], mountCommand } };
}

/** Whether an object's bytes are files in folders. */
export function isTree({ kind, sourceKind }: ObjectRecord): boolean {
  return kind === "share" || sourceKind === "share";
}

/** Throws where the source of a new object is not what it can be made from. */
export function assertSource({ record }: MemoryObject, inputs: NewObject, capabilities: PoolCapabilities): void {
  if (inputs.kind === "snapshot" && record.kind === "snapshot")
    refuse("INVALID_ARGUMENT", `"${record.name}" is a snapshot itself`);
  if (inputs.kind !== "snapshot" && isTree(record) !== (inputs.kind === "share"))
    refuse("INVALID_ARGUMENT", `a ${inputs.kind} is not made from "${record.name}"`);
  if (isTree(record) && (capabilities.shareSnapshot ?? "none") === "none")
    refuse("UNSUPPORTED", `shares are not copied here`);
}

export function assertServed(inputs: NewObject, { shareProtocols = [] }: PoolCapabilities): void {
  if (inputs.kind !== "share") return;
  const protocol = inputs.settings?.protocol ?? "directory";
  if (!shareProtocols.includes(protocol)) refuse("UNSUPPORTED", `no shares are served by ${protocol} here`);
}

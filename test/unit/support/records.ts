import type { Listing, StoredObject, StoredPool } from "../../../provider/drivers/driver";
import type { ObjectRecord, PoolRecord } from "../../../provider/drivers/record";

/** The record of a complete volume, as a driver gives it. */
export function objectRecord(fields: Partial<ObjectRecord> = {}): ObjectRecord {
  return {
    formatVersion: 1,
    kind: "volume",
    uid: "a".repeat(32),
    claim: "c1",
    name: "data",
    owner: "proj/dev/Volume/data",
    createdBy: "test",
    createdAt: "2031-01-01T12:00:00.000Z",
    requested: { size: "1GiB" },
    labels: {},
    revision: 1,
    self: "inode-1",
    poolIdentity: "identity-1",
    sizeBytes: 2 ** 30,
    protection: false,
    consumers: [],
    holds: [],
    ...fields,
  };
}

export function storedObject(
  fields: Partial<ObjectRecord> = {},
  state: Partial<Omit<StoredObject, "record">> = {},
): StoredObject {
  const record = objectRecord(fields);
  return { record, phase: "live", health: "ready", actualSizeBytes: record.sizeBytes, ...state };
}

export function poolRecord(fields: Partial<PoolRecord> = {}): PoolRecord {
  return {
    formatVersion: 1,
    kind: "pool",
    uid: "b".repeat(32),
    claim: "c1",
    name: "ssd",
    owner: "proj/dev/Pool/ssd",
    createdBy: "test",
    createdAt: "2031-01-01T12:00:00.000Z",
    requested: {},
    labels: {},
    revision: 1,
    identity: "identity-1",
    capabilities: { copyOnWrite: true, onlineSnapshot: "crash", trash: true },
    settings: { maxOvercommit: 1, trashRetentionMs: 86_400_000 },
    ...fields,
  };
}

export function listing(objects: StoredObject[], fields: Partial<Listing> = {}): Listing {
  const pool: StoredPool = {
    record: poolRecord(),
    capacity: { totalBytes: 1e12, freeBytes: 1e12, allocatedBytes: 0, provisionedBytes: 0 },
  };
  return { pool, objects, policies: [], damaged: [], at: Date.UTC(2031, 0, 1, 12), ...fields };
}

import { roomIn } from "../drivers/capacity";
import type { StoredObject, StoredPool } from "../drivers/driver";
import type { ObjectRecord } from "../drivers/record";
import { formatObjectId, formatPoolId, type ObjectId, type PoolId } from "../model/names";
import type { ShareConnection } from "../model/share";
import type { Connection } from "../model/volume";

/** A volume, share or snapshot as the library shows it. */
export interface ObjectInfo {
  id: string;
  uid: string;
  kind: ObjectRecord["kind"];
  status: StoredObject["health"];
  phase: StoredObject["phase"];
  sizeBytes: number;
  actualSizeBytes: number;
  owner: string;
  labels: Record<string, string>;
  createdAt: string;
  /** Of what is in the trash: when its data may end. */
  expiresAt?: string;
  connection?: Connection | ShareConnection;
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

export function poolInfo(id: PoolId, pool: StoredPool): PoolInfo {
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

export function objectInfo(id: ObjectId, object: StoredObject): ObjectInfo {
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

import { roomIn } from "../drivers/capacity";
import type { StoredObject, StoredPool } from "../drivers/driver";
import type { ObjectRecord, PolicyRecord } from "../drivers/record";
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
/** A snapshot policy as one pool keeps it. */
export interface PolicyInfo {
  name: string;
  uid: string;
  owner: string;
  /** How often what it says has changed. */
  generation: number;
  /** The ids of its targets in this pool. */
  targets: string[];
  labels: Record<string, string>;
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

export function policyInfo(id: PoolId, record: PolicyRecord): PolicyInfo {
  const { name, uid, owner, generation, labels } = record;
  const targets = record.targets.map((target) => formatObjectId({ ...id, name: target.name }));
  return { name, uid, owner, generation, targets, labels };
}

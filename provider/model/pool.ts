import { z } from "zod";
import { accessMode } from "./accessMode";
import { cephPool } from "./cephPool";
import { defineKind, type ValuesOf } from "./kind";
import { objectName, uidText } from "./names";
import { byteQuantity, duration } from "./quantity";
import { labels } from "./shared";

/** What the pool's backend can do. Found out by trying when the pool is made. */
export const poolCapabilities = z.looseObject({
  /** Whether snapshots and clones share unchanged blocks with their source. */
  copyOnWrite: z.boolean(),
  /** What a snapshot of a disk in use is: `crash` (a point in time, as after a power cut) or `none` (refused). */
  onlineSnapshot: z.enum(["none", "crash"]),
  /** Whether deleted objects can be brought back. */
  trash: z.boolean(),
  /** Who may use its volumes at once. */
  accessModes: z.array(accessMode).optional(),
  /** Who holds volumes to their `qos`: the backend, or the `consumer`, to whom `connection` tells it. */
  qos: z.enum(["backend", "consumer"]).optional(),
  /** Whether volumes can be made from files on the backend's host. */
  images: z.boolean().optional(),
  /** The protocols by which its shares are reached, the default first; none where it takes no shares. */
  shareProtocols: z.array(z.string()).optional(),
  /** Whether a share is held to its size, or that is only recorded. */
  shareQuota: z.enum(["enforced", "advisory"]).optional(),
  /** What a snapshot of a share is: `crash` (a point in time, whoever writes), `offline` (only of what nothing writes to) or `none` (refused). */
  shareSnapshot: z.enum(["none", "offline", "crash"]).optional(),
  /** The most snapshots that one volume or share can have. */
  maxSnapshots: z.int().optional(),
  /** The most that one share can have, where that is fewer. */
  maxShareSnapshots: z.int().optional(),
});

export const pool = defineKind({
  name: "Pool",
  inputs: {
    /** The backend that the pool is in, by its name in configuration. Default "local". */
    backend: objectName.optional(),
    /** The name within the backend. Default: the resource's name in lower case. */
    name: objectName.optional(),
    /** How fast the storage is, for people and classes to choose by. */
    tier: z.enum(["hot", "warm", "cold"]).optional(),
    /** Free key-value pairs, at most 32. */
    labels: labels.optional(),
    /** The most that may be promised from this pool, such as "500GiB". Default: what the backend has. */
    capacity: byteQuantity.optional(),
    /** How often the capacity may be promised: 2 lets volumes of twice the capacity be made. Default 1, so that what is promised fits. */
    maxOvercommit: z.number().min(1).max(100).optional(),
    /** Free space of the backend that is never given out. Default: the larger of 5 % and 1 GiB. */
    reserve: byteQuantity.optional(),
    /** How long deleted objects can be brought back, such as "24h" or "30d". Default "24h". */
    trashRetention: duration.optional(),
    /** What only pools of `ceph` backends heed: copies, device class, or which pool of the cluster it is. Other backends leave it be. */
    ceph: cephPool.optional(),
    /** Take over the existing pool with this uid. Without effect once it is taken over. */
    adopt: uidText.optional(),
  },
  outputs: {
    /** The type of the backend, such as "local". */
    driver: z.string(),
    /** What the pool can do. */
    capabilities: poolCapabilities,
    /** The identity of the pool, kept in the pool itself: how another or an unmounted disk is told from this one. */
    identity: z.string(),
    /** The identity of this very object: new for every pool ever made. */
    uid: uidText,
    /** `ready`, or `missing` when the backend has no such pool any more. */
    status: z.enum(["ready", "missing"]),
    /** Which state holds the pool. @internal */
    claim: z.string(),
    /** Who declares the pool. @internal */
    owner: z.string(),
  },
  immutable: ["backend", "name"],
  permissions: ["adopt"],
});

/** The inputs of a Pool as plain data. @interface */
export type PoolInputs = ValuesOf<typeof pool.inputs>;
export type PoolOutputs = ValuesOf<typeof pool.outputs>;
export type PoolCapabilities = z.infer<typeof poolCapabilities>;

/** How many snapshots one object of a pool can have; undefined where nothing limits them. */
export function mostSnapshots(can: Partial<PoolCapabilities>, kind: string | undefined): number | undefined {
  return kind === "share" ? (can.maxShareSnapshots ?? can.maxSnapshots) : can.maxSnapshots;
}

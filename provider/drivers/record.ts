import { randomBytes } from "node:crypto";
import { z } from "zod";
import { poolCapabilities } from "../model/pool";
import { qos } from "../model/qos";
import { retentionRules } from "../model/retentionRules";
import { shareAccess } from "../model/share";
import { consistency } from "../model/snapshot";

/** The record layout that this version writes. A newer one may be listed, never written. */
export const formatVersion = 1;

/** What someone outside has registered as using an object: a machine's disk, an export. */
const consumer = z.looseObject({ id: z.string(), since: z.string() });
/** A reason why an object must stay for now: a clone or backup that reads it. */
const hold = z.looseObject({ id: z.string(), reason: z.string(), since: z.string() });

/** A policy that acts on an object. It does so only while the policy's own record says the same of both. */
const attachment = z.looseObject({ uid: z.string(), generation: z.int() });
/** Of a snapshot that a policy took: which policy, for which slot of its schedule, and with which others at once. */
const taken = z.looseObject({ policy: z.string(), slot: z.string(), group: z.string().optional() });
/** Which policy took a snapshot, and for which slot. @interface */
export type Taken = z.infer<typeof taken>;

/** What an object was given, of its own or by its class, and has in force. */
const objectSettings = z.looseObject({
  className: z.string().optional(),
  qos: qos.optional().catch(undefined),
  accessModes: z.array(z.string()).optional(),
  /** `Retain`: deleting leaves it where it is. */
  reclaimPolicy: z.string().optional(),
  /** `false`: it may not grow. */
  allowExpansion: z.boolean().optional(),
  /** Of a share. */
  protocol: z.string().optional(),
  /** Of a share. */
  access: z.array(shareAccess).optional(),
  /** The snapshot policy that comes with its class. It acts under the object's own uid, while `policies` holds that. */
  policy: z
    .looseObject({ name: z.string(), schedule: z.string(), timezone: z.string().optional(), retention: retentionRules })
    .optional(),
});
/** What an object was given and has in force. @interface */
export type ObjectSettings = z.infer<typeof objectSettings>;

const common = {
  formatVersion: z.number().int(),
  /** The identity of this object; never reused. */
  uid: z.string(),
  /** Which state holds the object. Changes with every create, fresh or taken over; the uid stays. */
  claim: z.string(),
  name: z.string(),
  /** Who declares it: project, stack, parent chain and kind, logical name. A guard against accidents, not a tenant boundary. */
  owner: z.string(),
  stackId: z.string().optional(),
  /** Who made it, for people: user, host, program. */
  createdBy: z.string(),
  /** By the backend's clock, ISO 8601 UTC. */
  createdAt: z.string(),
  /** The inputs as last spelled by who declares it, without labels, protection and permissions. */
  requested: z.record(z.string(), z.unknown()),
  labels: z.record(z.string(), z.string()),
  /** Counts up with every change of the record; updates are compare-and-swap on it. */
  revision: z.number().int(),
};

/** The metadata of a volume, share or snapshot, kept on the backend with it. Fields of newer versions survive. */
export const objectRecord = z.looseObject({
  ...common,
  kind: z.enum(["volume", "share", "snapshot"]),
  /** The carrier this record was written for (an inode, an image id). A record on another carrier is a copy, owned by nobody. */
  self: z.string(),
  poolIdentity: z.string(),
  /** What was asked for, in bytes. It only ever grows. */
  sizeBytes: z.number().int().nonnegative(),
  /** Of a snapshot: the volume or share it was taken of. Of a clone: what it was made from. */
  sourceUid: z.string().optional(),
  /** Of a snapshot: what that is. Snapshots of earlier versions say nothing; they are of volumes. */
  sourceKind: z.enum(["volume", "share"]).optional(),
  /** Of a snapshot. */
  consistency: consistency.optional(),
  /** Deleting is refused until a separate update has taken this off. */
  protection: z.boolean(),
  consumers: z.array(consumer),
  holds: z.array(hold),
  settings: objectSettings.optional(),
  /** The policies attached to it. An object that was undeleted, cloned or adopted has none until it is attached again. */
  policies: z.array(attachment).optional(),
  /** Of a snapshot that a policy took. */
  taken: taken.optional(),
  trashedAt: z.string().optional(),
  /** Of a snapshot that went into the trash with what it was taken of: the uid of that. It comes back with it. */
  trashedWith: z.string().optional(),
  /** When the trash may end it, absolute, by the backend's clock. */
  expiresAt: z.string().optional(),
});
/** What an object's record says. @interface */
export type ObjectRecord = z.infer<typeof objectRecord>;

/** The metadata of a pool, kept in the pool. */
export const poolRecord = z.looseObject({
  ...common,
  kind: z.literal("pool"),
  /** Kept in the pool itself, made only by creating it. Another identity is another pool, whatever its name. */
  identity: z.string(),
  capabilities: poolCapabilities,
  /** The settings as numbers, defaults applied at create. */
  settings: z.looseObject({
    capacityBytes: z.number().optional(),
    maxOvercommit: z.number(),
    reserveBytes: z.number().optional(),
    trashRetentionMs: z.number(),
    /** What backends of type `ceph` alone heed, as it was given. */
    ceph: z.record(z.string(), z.unknown()).optional(),
  }),
  /** A pool that was deleted while its trash had not ended. It comes back only to the same owner. */
  retiredAt: z.string().optional(),
});
/** What a pool's record says. @interface */
export type PoolRecord = z.infer<typeof poolRecord>;
export type PoolSettings = PoolRecord["settings"];

/** The metadata of a snapshot policy, kept in every pool that it has targets in, so that whoever runs policies needs no state file. */
export const policyRecord = z.looseObject({
  ...common,
  kind: z.literal("policy"),
  poolIdentity: z.string(),
  /** Counts up with every change of what the policy does. Of two records of one policy the higher one holds. */
  generation: z.int(),
  /** Its targets in this pool. */
  targets: z.array(z.looseObject({ name: z.string(), uid: z.string() })),
  /** How many snapshots a lowered retention may remove in one run, as a preview has shown it; once, for this generation. */
  approvedDeletes: z.int().optional(),
});
/** What a policy's record says. @interface */
export type PolicyRecord = z.infer<typeof policyRecord>;

/** A new identity for an object or pool: 128 random bits, as 32 hexadecimal digits. */
export function newUid(): string {
  return randomBytes(16).toString("hex");
}

/** A new claim: 64 random bits. Shorter than a uid because it stands in every state file and only tells successive holders apart. */
export function newClaim(): string {
  return randomBytes(8).toString("hex");
}

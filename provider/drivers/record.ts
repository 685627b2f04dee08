import { randomBytes } from "node:crypto";
import { z } from "zod";
import { poolCapabilities } from "../model/pool";
import { consistency } from "../model/snapshot";

/** The record layout that this version writes. A newer one may be listed, never written. */
export const formatVersion = 1;

/** What someone outside has registered as using an object: a machine's disk, an export. */
const consumer = z.looseObject({ id: z.string(), since: z.string() });
/** A reason why an object must stay for now: a clone or backup that reads it. */
const hold = z.looseObject({ id: z.string(), reason: z.string(), since: z.string() });

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

/** The metadata of a volume or snapshot, kept on the backend with it. Fields of newer versions survive. */
export const objectRecord = z.looseObject({
  ...common,
  kind: z.enum(["volume", "snapshot"]),
  /** The carrier this record was written for (an inode, an image id). A record on another carrier is a copy, owned by nobody. */
  self: z.string(),
  poolIdentity: z.string(),
  /** What was asked for, in bytes. It only ever grows. */
  sizeBytes: z.number().int().nonnegative(),
  /** Of a snapshot: the volume it was taken of. Of a clone: what it was made from. */
  sourceUid: z.string().optional(),
  /** Of a snapshot. */
  consistency: consistency.optional(),
  /** Deleting is refused until a separate update has taken this off. */
  protection: z.boolean(),
  consumers: z.array(consumer),
  holds: z.array(hold),
  trashedAt: z.string().optional(),
  /** When the trash may end it, absolute, by the backend's clock. */
  expiresAt: z.string().optional(),
});
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
  }),
  /** A pool that was deleted while its trash had not ended. It comes back only to the same owner. */
  retiredAt: z.string().optional(),
});
export type PoolRecord = z.infer<typeof poolRecord>;
export type PoolSettings = PoolRecord["settings"];

/** A new identity for an object or pool: 128 random bits, as 32 hexadecimal digits. */
export function newUid(): string {
  return randomBytes(16).toString("hex");
}

/** A new claim: 64 random bits. Shorter than a uid because it stands in every state file and only tells successive holders apart. */
export function newClaim(): string {
  return randomBytes(8).toString("hex");
}

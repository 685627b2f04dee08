import { z } from "zod";
import { poolIdText, volumeIdText } from "./names";
import { poolCapabilities } from "./pool";
import { retention } from "./retentionRules";
import { labels } from "./shared";
import { timezoneText } from "./timezone";
import { connection } from "./volume";

/** The declaration of a function: it asks, and changes nothing. */
export interface FunctionKind {
  readonly inputs: Readonly<Record<string, z.ZodType>>;
  readonly outputs: Readonly<Record<string, z.ZodType>>;
}

const capacityOutputs = {
  /** What has been promised: the sizes of all that is in the pool, its trash included, in bytes. */
  provisionedBytes: z.number(),
  /** How much more can be promised, in bytes. */
  availableBytes: z.number(),
  /** What the backend has free, in bytes. */
  freeBytes: z.number(),
  /** The size of the backend, in bytes. */
  totalBytes: z.number(),
};

/** A pool that exists, whoever declares it: what it is, what it can do, and how much room it has. */
export const getPool = {
  inputs: {
    /** The id of the pool, `<backend>/<pool>`. */
    id: poolIdText,
  },
  outputs: {
    /** The identity of this very pool: new for every pool ever made. */
    uid: z.string(),
    /** The type of the backend, such as "local". */
    driver: z.string(),
    /** What the pool can do. */
    capabilities: poolCapabilities,
    /** The identity of the pool, kept in the pool itself. */
    identity: z.string(),
    /** Its labels. */
    labels: z.record(z.string(), z.string()),
    ...capacityOutputs,
  },
} satisfies FunctionKind;

/** A volume as functions show it. */
export const volumeInfo = z.object({
  /** The id, `<backend>/<pool>/<volume>`. */
  id: z.string(),
  /** The identity of this very volume: new for every volume ever made. */
  uid: z.string(),
  /** `ready`; `missing`, `damaged` or `copied` where something is wrong with it. */
  status: z.enum(["ready", "missing", "damaged", "copied"]),
  /** The size that was asked for, in bytes. */
  sizeBytes: z.number(),
  /** The size that the backend gives, in bytes. */
  actualSizeBytes: z.number(),
  /** Who declares it: project, stack, parent chain and kind, logical name. */
  declaredBy: z.string(),
  /** Its labels. */
  labels: z.record(z.string(), z.string()),
  /** When it was made, by the backend's clock (ISO 8601, UTC). */
  createdAt: z.string(),
  /** How a consumer reaches the disk. */
  connection: connection.optional(),
});

const { id: _id, ...volumeOutputs } = volumeInfo.shape;

/** A volume that exists, whoever declares it. */
export const getVolume = {
  inputs: {
    /** The id of the volume, `<backend>/<pool>/<volume>`. */
    id: volumeIdText,
  },
  outputs: volumeOutputs,
} satisfies FunctionKind;

/** What opens a live volume beside its connection. Asked of the backend each time: no state of the volume holds it. */
export const getKey = {
  inputs: {
    /** The id of the volume, `<backend>/<pool>/<volume>`. */
    id: volumeIdText,
  },
  outputs: {
    /** The user that the key is of, as in the volume's `connection`. */
    user: z.string().optional(),
    /** The key, a secret. Absent where the volume is opened without one. */
    key: z.string().optional().meta({ secret: true }),
  },
} satisfies FunctionKind;

/** The live volumes of a pool, by name. */
export const listVolumes = {
  inputs: {
    /** The id of the pool, `<backend>/<pool>`. */
    pool: poolIdText,
    /** Only those that have all of these labels. */
    labels: labels.optional(),
  },
  outputs: {
    /** The volumes, sorted by id. */
    volumes: z.array(volumeInfo),
  },
} satisfies FunctionKind;

/** How much room a pool has. */
export const getCapacity = {
  inputs: {
    /** The id of the pool, `<backend>/<pool>`. */
    pool: poolIdText,
  },
  outputs: capacityOutputs,
} satisfies FunctionKind;

/** A snapshot as retention sees it. */
export const plannedSnapshot = z.strictObject({
  /** Any name that tells it from the others. */
  id: z.string().min(1),
  /** When it was taken (ISO 8601 with its offset). */
  time: z.iso.datetime({ offset: true, error: 'expected an instant such as "2026-11-20T00:00:00Z"' }),
  /** Its tags, for `keepTags`. */
  tags: z.array(z.string()).optional(),
});

/** A snapshot that is kept. */
export const keptSnapshot = z.object({
  /** Its id, as it was given. */
  id: z.string(),
  /** The rules that keep it. */
  reasons: z.array(z.string()),
});

/** A snapshot that is not kept. */
export const removedSnapshot = z.object({
  /** Its id, as it was given. */
  id: z.string(),
  /** Why no rule keeps it. */
  reason: z.string(),
});

/** What a retention would keep and remove of given snapshots, each with its reason. Nothing is asked of any backend. */
export const planRetention = {
  inputs: {
    /** The snapshots. */
    snapshots: z.array(plannedSnapshot),
    /** Which of them are kept. */
    retention,
    /** The IANA time zone of days, weeks, months and years. Default "UTC". */
    timezone: timezoneText.optional(),
  },
  outputs: {
    /** What is kept, from the newest to the oldest. */
    keep: z.array(keptSnapshot),
    /** What would be removed, from the newest to the oldest. */
    remove: z.array(removedSnapshot),
  },
} satisfies FunctionKind;

/** Every function, by its name. */
export const functions = { getPool, getVolume, getKey, listVolumes, getCapacity, planRetention };
export type FunctionName = keyof typeof functions;

import { z } from "zod";
import { KrStorageError } from "../../model/errors";
import type { DamagedRecord } from "../driver";
import { formatVersion, type ObjectRecord, objectRecord } from "../record";
import type { Transaction } from "./table";

/** The keys of a pool's table. */
export const poolKey = "pool";
/** The cephx user of the pool's volumes. */
export const userKey = "user";
export const objects = "o.";
export const policies = "p.";
export const objectKey = (uid: string) => `${objects}${uid}`;
export const policyKey = (uid: string) => `${policies}${uid}`;
/** Which uid has a name. */
export const nameKey = (name: string) => `n.${name}`;
/** A uid that was in the pool and is never taken again. */
export const goneKey = (uid: string) => `d.${uid}`;
/** What stands there of one that was never published. Whatever has its uid in the cluster came too late, and nobody has ever had it. */
export const undone = "undone";
/** An image whose volume has ended and whose snapshots, or their clones, have not. */
export const leftovers = "z.";
export const leftoverKey = (image: string) => `${leftovers}${image}`;

/** A file system in which the pool's shares are: the name of their group. */
const groups = "f.";
export const groupKey = (filesystem: string) => `${groups}${filesystem}`;

/** The name of a snapshot in its image or subvolume. */
export const snapshotNameOf = (uid: string) => `krs.${uid}`;
/** The name of the snapshot that is taken to clone a volume or share. */
export const temporarySnapshot = (cloneUid: string) => `krs-clone.${cloneUid}`;

/** Whose a snapshot in an image or subvolume is: `uid` is the snapshot's own or, of a temporary one, that of the clone. Undefined for those of others. */
export function ownSnapshot(name: string): { uid: string; isTemporary: boolean } | undefined {
  const [, temporary, uid] = /^krs(-clone)?\.([0-9a-f]{32})$/.exec(name) ?? [];
  return uid === undefined ? undefined : { uid, isTemporary: temporary !== undefined };
}

const entry = z.looseObject({
  uid: z.string(),
  name: z.string(),
  kind: z.enum(["volume", "share", "snapshot"]),
  phase: z.enum(["creating", "live", "trashed", "purging"]),
  /**
   * The image that carries it; of a snapshot that of its volume. Its id is known once it is made. Of a share the name of its
   * subvolume, and of the folder in that.
   */
  image: z.object({ name: z.string(), id: z.string().optional() }),
  /** Of a share and its snapshots: where the subvolume is. `path` is what consumers mount, known once it is made. */
  subvolume: z.object({ filesystem: z.string(), group: z.string(), path: z.string().optional() }).optional(),
  /** Of a snapshot: its name and id in the image. */
  snapshot: z.object({ name: z.string(), id: z.int().optional() }).optional(),
  /** Of one that is being made: what it is made from, and until when its maker is waited for, by the cluster's clock. */
  sourceUid: z.string().optional(),
  leaseUntil: z.number().optional(),
  /** A size that is promised, while the image is being grown to it. */
  growingTo: z.number().optional(),
  /** The uid of the snapshot whose bytes are being put back: what the image holds meanwhile is of no use. */
  rollingBackTo: z.string().optional(),
  /** The attempt at that which may go on. */
  rollingBackBy: z.string().optional(),
  record: z.unknown(),
});

/** An object as the table has it. `record` is undefined where nobody can read it. */
export type Entry = Pick<
  z.infer<typeof entry>,
  | "uid"
  | "name"
  | "kind"
  | "phase"
  | "image"
  | "subvolume"
  | "snapshot"
  | "sourceUid"
  | "leaseUntil"
  | "growingTo"
  | "rollingBackTo"
  | "rollingBackBy"
> & { record?: ObjectRecord };
/** One whose record can be read. */
export type ReadEntry = Entry & { record: ObjectRecord };

/** Cells keep their parsed value until they change, so each is checked once. */
const known = new WeakMap<object, Entry | null>();

/** The object of a uid. Undefined where there is none; throws PROTOCOL where the table says nothing that can be read. */
export function findEntry(transaction: Transaction, uid: string): Entry | undefined {
  const key = objectKey(uid);
  if (!transaction.has(key)) return undefined;
  const found = parseEntry(transaction.get(key));
  if (found) return found;
  throw new KrStorageError(
    "PROTOCOL",
    `what the table says of the object with uid ${uid} cannot be read; nothing was changed`,
  );
}

export function parseEntry(value: unknown): Entry | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const before = known.get(value);
  if (before !== undefined) return before ?? undefined;
  const parsed = entry.safeParse(value);
  const { record, ...rest } = parsed.data ?? { record: undefined };
  const read = objectRecord.safeParse(record);
  const found = parsed.success ? ({ ...rest, ...(read.success ? { record: read.data } : {}) } as Entry) : null;
  known.set(value, found);
  return found ?? undefined;
}

export function allEntries(transaction: Transaction): Entry[] {
  return transaction.keys(objects).flatMap((key) => parseEntry(transaction.get(key)) ?? []);
}

/** What is in the table and cannot be read, for lists. */
export function damagedEntries(transaction: Transaction): DamagedRecord[] {
  return transaction.keys(objects).flatMap((key) => {
    const found = parseEntry(transaction.get(key));
    const uid = key.slice(objects.length);
    if (!found) return [{ uid, problem: "its entry in the pool's table cannot be read" }];
    return found.record ? [] : [{ uid, name: found.name, problem: "its record cannot be read" }];
  });
}

/** The images that volumes which have ended left, since something needed their blocks. */
export function leftoversIn(transaction: Transaction): { id: string; name: string }[] {
  return transaction
    .keys(leftovers)
    .map((key) => ({ id: key.slice(leftovers.length), name: String(transaction.get(key)) }));
}

/** Where the pool's shares are, or were. */
export function groupsIn(transaction: Transaction): { filesystem: string; group: string }[] {
  return transaction
    .keys(groups)
    .map((key) => ({ filesystem: key.slice(groups.length), group: String(transaction.get(key)) }));
}

export function saveEntry(transaction: Transaction, changed: Entry): void {
  transaction.set(objectKey(changed.uid), changed);
}

/** Throws for a record that cannot be read, or that a newer version wrote. */
export function requireReadable(found: Entry, what: string): ReadEntry {
  const { record } = found;
  if (!record)
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `the record of ${what} (uid ${found.uid}) cannot be read; nothing was changed`,
      {
        target: what,
      },
    );
  requireWritable(record, what);
  return { ...found, record };
}

export function requireWritable(record: { formatVersion: number }, what: string): void {
  if (record.formatVersion <= formatVersion) return;
  throw new KrStorageError(
    "PRECONDITION_FAILED",
    `${what} was written by a newer version of krstorage (format ${record.formatVersion}, this one writes ${formatVersion}); upgrade this one to change it`,
    { target: what },
  );
}

import { KrStorageError } from "../../model/errors";
import type { Image } from "../../model/image";
import type { Call, NewObject, StoredObject } from "../driver";
import { formatVersion, type ObjectRecord } from "../record";
import { checkedRecord, checkNewObject } from "../requests";
import { withShares } from "./capabilities";
import { requireRoom } from "./capacity";
import {
  allEntries,
  type Entry,
  findEntry,
  goneKey,
  groupKey,
  nameKey,
  objectKey,
  type ReadEntry,
  requireReadable,
  saveEntry,
  snapshotNameOf,
  temporarySnapshot,
} from "./entry";
import { fillFromFile } from "./fill";
import { givenUp, leaseMs } from "./lease";
import { limitImage } from "./limits";
import { nameOf, requireHealthy, requireSource } from "./matching";
import type { OpenPool, Usage } from "./openPool";
import { dataPoolOf } from "./place";
import { choiceOfFilesystem, groupOf } from "./shareFilesystem";
import { endCopying, makeShare } from "./shareMake";
import { carrierOf, lookAt } from "./stored";
import type { Transaction } from "./table";
import { abandon, isAbandoned, undoCreation } from "./undo";

/**
 * Makes an object: its entry, which holds the name and the room; its image; and then, in one step, its publication. Whoever
 * finds the entry of a maker that is gone undoes it; what was published is never undone.
 */
export async function createObject(pool: OpenPool, request: NewObject, call: Call): Promise<StoredObject> {
  checkNewObject(request, pool.where);
  refuseUnsupported(pool, request);
  const [now, usage, subvolume] = await Promise.all([pool.now(), pool.usage(), placeOf(pool, request)]);
  const reserved = await reserve(pool, request, { now, usage, call, ...(subvolume && { subvolume }) });
  try {
    if (reserved.source) await requireHealthy(pool, reserved.source);
    const { entry, source } = reserved;
    const made = entry.subvolume
      ? await makeShare(pool, entry, source, call)
      : await makeBytes(pool, reserved, request.image && { image: request.image, call });
    const published = await publish(pool, made);
    if (source && entry.kind === "share") await endCopying(pool, entry, source);
    return await lookAt(pool, published);
  } catch (error) {
    throw await abandon(pool, reserved.entry, error);
  }
}

function refuseUnsupported(pool: OpenPool, { kind, settings }: NewObject): void {
  const protocol = settings?.protocol ?? "cephfs";
  if (kind !== "share" || protocol === "cephfs") return;
  throw new KrStorageError("UNSUPPORTED", `${pool.where}: it serves shares by cephfs, not ${protocol}`, {
    target: pool.where,
  });
}

/** Where a new share is to be made; undefined for what is none. Throws UNSUPPORTED where that is not certain. */
async function placeOf(pool: OpenPool, { kind, sourceUid }: NewObject): Promise<Entry["subvolume"]> {
  if (kind !== "share") return undefined;
  const source = sourceUid === undefined ? undefined : await pool.table.read((table) => findEntry(table, sourceUid));
  // The cluster copies within a file system alone, wherever the backend has its new shares by now
  if (source?.subvolume) return { filesystem: source.subvolume.filesystem, group: source.subvolume.group };
  const choice = await choiceOfFilesystem(pool.site);
  if ("filesystem" in choice) return { filesystem: choice.filesystem, group: groupOf(pool.id) };
  throw new KrStorageError("UNSUPPORTED", `${pool.where} takes no shares: ${choice.problem}`, { target: pool.where });
}

interface Reserved {
  entry: ReadEntry;
  source?: ReadEntry;
  /** Where the data of its image is, if not in the pool itself. */
  dataPool: string | null;
}
interface Circumstances {
  now: number;
  usage: Usage;
  call: Call;
  /** Of a new share. */
  subvolume?: NonNullable<Entry["subvolume"]>;
}

async function reserve(pool: OpenPool, request: NewObject, seen: Circumstances): Promise<Reserved> {
  for (;;) {
    const result = await pool.table.change((transaction): Reserved | { abandoned: string } => {
      const abandoned = abandonedBy(transaction, request, seen.now);
      return abandoned === undefined ? enter(pool, transaction, request, seen) : { abandoned };
    });
    if ("entry" in result) return result;
    await undoCreation(pool, result.abandoned, seen.call);
  }
}

/** The uid of what has the name, or the slot, of a new object, and whose maker is gone. */
function abandonedBy(transaction: Transaction, request: NewObject, now: number): string | undefined {
  const uid = transaction.get(nameKey(request.name));
  const holders = [typeof uid === "string" ? findEntry(transaction, uid) : undefined, slotHolder(transaction, request)];
  return holders.find((each) => each && isAbandoned(each, now))?.uid;
}

function slotHolder(transaction: Transaction, { taken, sourceUid }: NewObject): Entry | undefined {
  if (!taken) return undefined;
  return allEntries(transaction).find(
    ({ phase, sourceUid: of, record }) =>
      (phase === "live" || phase === "creating") &&
      of === sourceUid &&
      record?.taken?.policy === taken.policy &&
      record.taken.slot === taken.slot,
  );
}

function enter(
  pool: OpenPool,
  transaction: Transaction,
  request: NewObject,
  { now, usage, call, subvolume: place }: Circumstances,
): Reserved {
  const { name, uid, kind, sourceUid } = request;
  const what = `${pool.where}/${name}`;
  const header = pool.writable(transaction);
  if (header.retiredAt !== undefined)
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `pool ${pool.where} was deleted at ${header.retiredAt} and takes no new objects`,
      {
        target: pool.where,
      },
    );
  if (kind === "share" && !header.capabilities.shareProtocols?.includes("cephfs"))
    throw new KrStorageError(
      "UNSUPPORTED",
      `${pool.where} takes no shares: it was not certain of a file system when it was made; it is now, and fsck with repair notes it`,
      { target: pool.where },
    );
  const taken = (why: string) => new KrStorageError("ALREADY_EXISTS", `${what}: ${why}`, { target: what });
  if (transaction.has(objectKey(uid)) || transaction.has(goneKey(uid)))
    throw taken(`the uid ${uid} is, or was, in the pool`);
  if (transaction.has(nameKey(name))) throw taken(`the name is taken by uid ${String(transaction.get(nameKey(name)))}`);
  const slot = slotHolder(transaction, request);
  if (slot) throw taken(`${slot.name} is the policy's snapshot of that slot`);
  const source = sourceUid === undefined ? undefined : requireSource(pool, transaction, sourceUid);
  if (kind === "snapshot" && source?.kind === "snapshot")
    throw new KrStorageError("INVALID_ARGUMENT", `${what}: ${source.name} is a snapshot itself`, { target: what });
  const subvolume = kind === "snapshot" ? source?.subvolume : place;
  refuseOtherKind(source, kind, what);
  refuseTooManySnapshots(transaction, request, source, what);
  const sizeBytes = kind === "snapshot" ? source?.record.sizeBytes : (request.sizeBytes ?? source?.record.sizeBytes);
  if (sizeBytes === undefined || sizeBytes < (source?.record.sizeBytes ?? 0))
    throw new KrStorageError("INVALID_ARGUMENT", `${what}: a clone is at least as large as ${source?.name}`, {
      target: what,
    });
  if (kind !== "snapshot") requireRoom(transaction, header, usage, sizeBytes, what);
  const record = checkedRecord(
    newRecord(request, {
      identity: header.identity,
      now,
      by: call.actor.by,
      sizeBytes,
      isOfShare: !!source?.subvolume,
    }),
    what,
  );
  const entry: ReadEntry = {
    uid,
    name,
    kind,
    phase: "creating",
    // A name with the uid in it is never used twice: whoever still holds an old connection opens nothing else by it
    image: kind === "snapshot" && source ? source.image : { name: `${name}.${uid}` },
    ...(subvolume === undefined ? {} : { subvolume }),
    ...(kind === "snapshot" ? { snapshot: { name: snapshotNameOf(uid) } } : {}),
    ...(sourceUid === undefined ? {} : { sourceUid }),
    leaseUntil: now + leaseMs,
    record,
  };
  saveEntry(transaction, entry);
  transaction.set(nameKey(name), uid);
  // Whoever removes the pool finds the group by this, also when the backend names another file system by then
  if (subvolume && !transaction.has(groupKey(subvolume.filesystem)))
    transaction.set(groupKey(subvolume.filesystem), subvolume.group);
  return { entry, ...(source ? { source } : {}), dataPool: dataPoolOf(header) };
}

/** Throws INVALID_ARGUMENT for a share of a volume, and the other way round. */
function refuseOtherKind(source: Entry | undefined, kind: NewObject["kind"], what: string): void {
  if (!source || kind === "snapshot" || (source.subvolume !== undefined) === (kind === "share")) return;
  const is = source.subvolume ? "a share, or a snapshot of one" : "a volume, or a snapshot of one";
  throw new KrStorageError("INVALID_ARGUMENT", `${what}: ${source.name} is ${is}; a ${kind} cannot be made from it`, {
    target: what,
  });
}

/** A folder of CephFS bears a hundred, whatever their phase. */
function refuseTooManySnapshots(
  transaction: Transaction,
  { kind }: NewObject,
  source: Entry | undefined,
  what: string,
): void {
  const most = withShares.maxShareSnapshots ?? Number.POSITIVE_INFINITY;
  if (kind !== "snapshot" || !source?.subvolume) return;
  const taken = allEntries(transaction).filter((each) => each.kind === kind && each.image.name === source.image.name);
  if (taken.length < most) return;
  const inTrash = taken.filter(({ phase }) => phase === "trashed").length;
  throw new KrStorageError(
    "QUOTA_EXCEEDED",
    `${what}: ${source.name} has ${taken.length} snapshots (${inTrash} of them in the trash), and a share bears ${most}; delete and purge some`,
    { target: what },
  );
}

function newRecord(
  request: NewObject,
  made: { identity: string; now: number; by: string; sizeBytes: number; isOfShare: boolean },
): ObjectRecord {
  const {
    kind,
    name,
    uid,
    claim,
    owner,
    stackId,
    requested,
    labels,
    protection,
    sourceUid,
    settings,
    policies,
    taken,
  } = request;
  return {
    formatVersion,
    kind,
    name,
    uid,
    claim,
    self: "",
    poolIdentity: made.identity,
    owner,
    ...(stackId === undefined ? {} : { stackId }),
    createdBy: made.by,
    createdAt: new Date(made.now).toISOString(),
    requested,
    labels,
    protection,
    sizeBytes: made.sizeBytes,
    ...(sourceUid === undefined ? {} : { sourceUid }),
    consumers: [],
    holds: [],
    ...(settings === undefined || kind === "snapshot" ? {} : { settings }),
    ...(policies === undefined || kind === "snapshot" ? {} : { policies }),
    ...(taken === undefined || kind !== "snapshot" ? {} : { taken, sourceKind: "volume" as const }),
    ...(kind === "snapshot" && made.isOfShare ? { sourceKind: "share" as const } : {}),
    revision: 1,
  };
}

/** Makes the image or the snapshot of an entry. What comes back is the entry as it is to be published. */
async function makeBytes(
  pool: OpenPool,
  { entry, source, dataPool }: Reserved,
  file: { image: Image; call: Call } | undefined,
): Promise<ReadEntry> {
  const { cluster } = pool.site;
  const { record, snapshot, image } = entry;
  if (snapshot) {
    const parent = imageOf(pool, entry);
    const { id, isOpen } = await cluster.createSnapshot(pool.id, parent, snapshot.name);
    const consistency = isOpen ? ("crash" as const) : ("offline" as const);
    const made = { ...entry, snapshot: { ...snapshot, id } };
    return { ...made, record: { ...record, consistency, self: carrierOf(made) } };
  }
  const id = source
    ? await cloneOf(pool, entry, source, dataPool)
    : await cluster.createImage(pool.id, image.name, record.sizeBytes, dataPool);
  if (file) await fillFromFile(pool, entry, id, file);
  if (record.settings?.qos) await limitImage(pool, id, record.settings);
  const made = { ...entry, image: { ...image, id } };
  return { ...made, record: { ...record, self: carrierOf(made) } };
}

/** Clones need a snapshot. One that was taken for this alone is removed at once; its blocks stay as long as the clone needs them. */
async function cloneOf(
  pool: OpenPool,
  { uid, image, record }: ReadEntry,
  source: ReadEntry,
  dataPool: string | null,
): Promise<string> {
  const { cluster } = pool.site;
  const parent = imageOf(pool, source);
  const snapshot = source.snapshot?.name ?? temporarySnapshot(uid);
  if (!source.snapshot) await cluster.createSnapshot(pool.id, parent, snapshot);
  const size = record.sizeBytes;
  const id = await cluster.cloneImage(pool.id, { parent, snapshot, name: image.name, size, dataPool });
  if (!source.snapshot) await cluster.removeSnapshot(pool.id, parent, snapshot);
  return id;
}

function imageOf(pool: OpenPool, { image, name }: Entry): string {
  if (image.id !== undefined) return image.id;
  throw new KrStorageError("PRECONDITION_FAILED", `${pool.where}/${name} has no image`, { target: pool.where });
}

/** The one step that makes an object be there. Refused if somebody took its maker for gone and has undone it. */
async function publish(pool: OpenPool, made: ReadEntry): Promise<ReadEntry> {
  return pool.table.change((transaction) => {
    const current = findEntry(transaction, made.uid);
    const what = nameOf(pool, made);
    if (current?.phase !== "creating") throw givenUp(what);
    requireReadable(current, what);
    const { leaseUntil: _, ...published } = made;
    const live: ReadEntry = { ...published, phase: "live", record: checkedRecord(made.record, what) };
    saveEntry(transaction, live);
    return live;
  });
}

import { lstatSync, renameSync, rmSync } from "node:fs";
import { KrStorageError } from "../../model/errors";
import type { Call, Holder, NewObject, StoredObject } from "../driver";
import { formatVersion, type ObjectRecord } from "../record";
import { diskFileOf, stageObject } from "./stage";
import type { Entry } from "./entry";
import { throwIfCancelled, toKrStorageError } from "./errors";
import { healthOf, roundUp, selfOf, storedObject } from "./health";
import { holdersOf } from "./holders";
import { copyPath, objectFolder, stagedFolder } from "./layout";
import { makeLink } from "./links";
import type { OpenPool } from "./openPool";
import { readCopy } from "./recordCopy";
import { recoverIntent } from "./recovery";
import { checkedRecord, checkNewObject } from "./requests";
import { requireRoom } from "./room";
import type { Transaction } from "./transaction";
import { Turn } from "./turns";

/**
 * Makes a volume or snapshot: an intent row, then the data staged and durable, then published by a rename, then the row live.
 * The row is the commit; what is published is never undone.
 */
export async function createObject(pool: OpenPool, object: NewObject, call: Call): Promise<StoredObject> {
  checkNewObject(object, pool.where);
  const what = `${pool.where}/${object.name}`;
  const writers = object.sourceUid === undefined ? [] : await writersOf(pool, object.sourceUid);
  const turn = new Turn(pool, object.uid);
  try {
    const begun = await reserve(pool, turn, object, call, writers);
    return await make(pool, call, begun.entry, begun.source);
  } catch (error) {
    throw toKrStorageError(error, "making", what);
  } finally {
    await turn.release();
  }
}

interface Begun {
  entry: Entry;
  source: Entry | undefined;
}

/** The intent: takes the name and the room. A dead process's intent under the name is brought to its end first. */
async function reserve(pool: OpenPool, turn: Turn, object: NewObject, call: Call, writers: Holder[]): Promise<Begun> {
  for (;;) {
    const begun = await pool.change(call, (transaction): Begun | { uid: string; session: string; taken: KrStorageError } => {
      const taken = transaction.row(object.uid) ?? transaction.rowByName(object.name);
      if (taken) {
        const refusal = nameTaken(pool, object, taken);
        if (taken.session === null) throw refusal;
        return { uid: taken.uid, session: taken.session, taken: refusal };
      }
      const source = object.sourceUid === undefined ? undefined : transaction.row(object.sourceUid);
      if (source?.session) return { uid: source.uid, session: source.session, taken: sourceBusy(pool, source.name) };
      return intend(pool, turn, transaction, object, call, writers);
    });
    if ("entry" in begun) return begun;
    if (!(await recoverIntent(pool, call, begun.uid, begun.session))) throw begun.taken;
    throwIfCancelled(call.signal, "making", `${pool.where}/${object.name}`);
  }
}

function nameTaken(pool: OpenPool, object: NewObject, taken: { uid: string; name: string; phase: string; session: string | null }): KrStorageError {
  const what = `${pool.where}/${taken.name}`;
  const state = taken.phase === "live" ? "exists already" : taken.phase === "creating" ? "is being made by another call" : "is in the trash";
  const todo = taken.phase === "trashed" ? "; undelete it, or make the new object under a new uid" : "";
  return new KrStorageError("ALREADY_EXISTS", `${what} (uid ${taken.uid}) ${state}${todo}`, { target: `${pool.where}/${object.name}` });
}

function sourceBusy(pool: OpenPool, name: string): KrStorageError {
  const what = `${pool.where}/${name}`;
  return new KrStorageError("IN_USE", `${what} cannot be copied now: another call works on it; try again when that has ended`, { target: what, retryable: true });
}

function intend(pool: OpenPool, turn: Turn, transaction: Transaction, object: NewObject, call: Call, writers: Holder[]): Begun {
  const what = `${pool.where}/${object.name}`;
  if (transaction.pool.retiredAt !== undefined) {
    throw new KrStorageError("PRECONDITION_FAILED", `pool ${pool.where} was deleted at ${transaction.pool.retiredAt} and takes no new objects`, { target: pool.where });
  }
  const source = object.sourceUid === undefined ? undefined : requireSource(pool, transaction, object, object.sourceUid);
  if (source && writers.length > 0 && transaction.pool.capabilities.onlineSnapshot === "none") {
    throw new KrStorageError("IN_USE", tornCopy(`${pool.where}/${source.name}`, writers), { target: `${pool.where}/${source.name}` });
  }
  const sizeBytes = wantedSize(object, source, what);
  const counts = object.kind === "volume" || !transaction.pool.capabilities.copyOnWrite;
  const provisionedBytes = counts ? roundUp(sizeBytes) : 0;
  requireRoom(transaction, pool.usage, provisionedBytes, what, pool.where);
  const record = newRecord(object, sizeBytes, transaction, call, writers);
  const entry: Entry = {
    uid: object.uid,
    kind: object.kind,
    name: object.name,
    phase: "creating",
    session: turn.claim(),
    sourceUid: object.sourceUid ?? null,
    provisionedBytes,
    operation: undefined,
    record: checkedRecord(record, what),
  };
  transaction.insert(entry);
  return { entry, source };
}

function newRecord(object: NewObject, sizeBytes: number, transaction: Transaction, call: Call, writers: Holder[]): ObjectRecord {
  return {
    formatVersion,
    kind: object.kind,
    uid: object.uid,
    claim: object.claim,
    name: object.name,
    self: "", // known when its file is
    poolIdentity: transaction.pool.identity,
    owner: object.owner,
    ...(object.stackId === undefined ? {} : { stackId: object.stackId }),
    createdBy: call.actor.by,
    createdAt: transaction.now,
    requested: object.requested,
    labels: object.labels,
    revision: 1,
    sizeBytes,
    ...(object.sourceUid === undefined ? {} : { sourceUid: object.sourceUid }),
    ...(object.kind === "snapshot" ? { consistency: writers.length > 0 ? ("crash" as const) : ("offline" as const) } : {}),
    protection: object.protection,
    consumers: [],
    holds: [],
  };
}

function requireSource(pool: OpenPool, transaction: Transaction, object: NewObject, sourceUid: string): Entry {
  const source = transaction.find(sourceUid);
  if (source?.phase !== "live") {
    const hint = source?.phase === "trashed" ? `: ${pool.where}/${source.name} is in the trash; undelete it first` : "";
    throw new KrStorageError("NOT_FOUND", `the source of ${pool.where}/${object.name} (uid ${sourceUid}) is not in pool ${pool.where}${hint}`, {
      target: `${pool.where}/${object.name}`,
    });
  }
  const what = `${pool.where}/${source.name}`;
  if (object.kind === "snapshot" && source.kind !== "volume") {
    throw new KrStorageError("INVALID_ARGUMENT", `${what} is a snapshot; snapshots are taken of volumes`, { target: what });
  }
  const health = healthOf(pool.paths, pool.identity, source);
  if (health.health !== "ready") throw new KrStorageError("PRECONDITION_FAILED", `${what} is ${health.health}: ${health.problem}`, { target: what });
  return source;
}

function wantedSize(object: NewObject, source: Entry | undefined, what: string): number {
  const least = source?.record.sizeBytes ?? 0;
  if (object.kind === "snapshot") return least;
  const wanted = object.sizeBytes ?? least;
  if (wanted >= least) return wanted;
  const message = `${wanted} bytes is less than the ${least} bytes of its source`;
  throw new KrStorageError("INVALID_ARGUMENT", `${what} cannot be made: ${message}`, { target: what, issues: [{ path: "sizeBytes", message }] });
}

async function make(pool: OpenPool, call: Call, entry: Entry, source: Entry | undefined): Promise<StoredObject> {
  let record: ObjectRecord;
  try {
    throwIfCancelled(call.signal, "making", `${pool.where}/${entry.name}`);
    record = await stageObject(pool, call, entry, source);
    throwIfCancelled(call.signal, "making", `${pool.where}/${entry.name}`);
    renameSync(stagedFolder(pool.paths, entry.uid), objectFolder(pool.paths, entry.uid));
  } catch (error) {
    await discard(pool, call, entry);
    throw error;
  }
  // Published. From here on it is finished, by this process or by the next
  try {
    return await goLive(pool, call, { ...entry, record });
  } catch (error) {
    throw toKrStorageError(error, "finishing", `${pool.where}/${entry.name}`, { outcome: "unknown" });
  }
}

/** Undoes what is not published. What cannot be undone now is left for the next process, with its intent. */
async function discard(pool: OpenPool, call: Call, entry: Entry): Promise<void> {
  try {
    rmSync(stagedFolder(pool.paths, entry.uid), { recursive: true, force: true });
    await pool.database.write(() => {
      const transaction = pool.transaction(call);
      transaction.remove(entry.uid);
      transaction.audit("create-undone", entry, entry.record, undefined);
    });
  } catch (error) {
    pool.site.env.log.warn(`${pool.where}/${entry.name}: what was begun could not be cleaned up and will be later: ${String(error)}`);
  }
}

async function goLive(pool: OpenPool, call: Call, entry: Entry): Promise<StoredObject> {
  await Promise.all([pool.sync.folder(pool.paths.data), pool.sync.folder(pool.paths.staging)]);
  const live: Entry = { ...entry, phase: "live", session: null };
  await pool.database.write(() => {
    const transaction = pool.transaction(call);
    transaction.save(live);
    transaction.audit("create", live, undefined, live.record);
  });
  makeLink(pool, live.name, live.uid);
  return storedObject(pool.paths, live, healthOf(pool.paths, pool.identity, live, "folder"));
}

/** For recovery: finishes what was published, undoes what was only staged. */
export async function finishCreate(pool: OpenPool, call: Call, entry: Entry): Promise<void> {
  const disk = publishedDisk(pool, entry.uid);
  if (!disk) return discard(pool, call, entry);
  // The staged copy of the record knows more than the intent: what the copy of the disk is worth
  const copy = readCopy(copyPath(pool.paths, entry.uid));
  const known = copy?.record.uid === entry.uid && copy.record.claim === entry.record.claim ? copy.record : entry.record;
  await goLive(pool, call, { ...entry, record: { ...known, self: selfOf(disk.inode, pool.identity) } });
}

function publishedDisk(pool: OpenPool, uid: string): { inode: number } | undefined {
  const folder = lstatSync(objectFolder(pool.paths, uid), { throwIfNoEntry: false });
  if (!folder) return undefined;
  const disk = diskFileOf(pool.paths, uid);
  if (!disk) {
    throw new KrStorageError("PRECONDITION_FAILED", `${objectFolder(pool.paths, uid)} was published without a disk; it is left as it is`, { target: pool.where });
  }
  return { inode: disk.ino };
}

async function writersOf(pool: OpenPool, uid: string): Promise<Holder[]> {
  return (await holdersOf(pool.paths, uid)).filter((holder) => holder.writes);
}

function tornCopy(what: string, writers: Holder[]): string {
  return (
    `${what} cannot be copied: it is open for writing by ${writers.map((holder) => holder.name).join(", ")}, and on this file system the copy of a ` +
    "disk that is being written is torn; stop what uses it, or keep the pool on btrfs or xfs, where a running disk can be copied at one point in time"
  );
}

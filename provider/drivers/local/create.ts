import { randomBytes } from "node:crypto";
import { lstatSync, renameSync, type Stats } from "node:fs";
import { KrStorageError } from "../../model/errors";
import type { Call, Holder, NewObject, StoredObject } from "../driver";
import type { ObjectRecord } from "../record";
import { checkNewObject } from "../requests";
import { carrierName, carrierOf, hasTree, isTree } from "./carrier";
import type { Entry, ObjectRow } from "./entry";
import { throwIfCancelled, toKrStorageError } from "./errors";
import { healthOf, selfOf, storedObject } from "./health";
import { holdersOf } from "./holders";
import { type Begun, intend, nameTaken, sourceBusy } from "./intent";
import { copyPath, objectFolder, stagedFolder } from "./layout";
import { makeLink } from "./links";
import { lookAtShares } from "./list";
import type { OpenPool } from "./openPool";
import { readCopy } from "./recordCopy";
import { recoverIntent } from "./recovery";
import { type DiskOrigin, stageObject } from "./stage";
import { stageTree } from "./stageTree";
import type { Transaction } from "./transaction";
import { removeFolder } from "./treeTools";
import { Turn } from "./turns";

/**
 * Makes a volume, share or snapshot: an intent row, then the data staged and durable, then published by a rename, then the row live.
 * The row is the commit; what is published is never undone.
 */
export async function createObject(pool: OpenPool, object: NewObject, call: Call): Promise<StoredObject> {
  checkNewObject(object, pool.where);
  const what = `${pool.where}/${object.name}`;
  const writers = object.sourceUid === undefined ? [] : await writersOf(pool, object.sourceUid);
  const turn = new Turn(pool, object.uid);
  try {
    await lookAtShares(pool);
    const begun = await reserve(pool, turn, object, call, writers);
    return await make(pool, call, begun.entry, { source: begun.source, image: object.image });
  } catch (error) {
    throw toKrStorageError(error, "making", what);
  } finally {
    await turn.release();
  }
}

/** The intent: takes the name and the room. A dead process's intent under the name is brought to its end first. */
async function reserve(pool: OpenPool, turn: Turn, object: NewObject, call: Call, writers: Holder[]): Promise<Begun> {
  for (;;) {
    const begun = await pool.change(
      call,
      (transaction): Begun | { uid: string; session: string; taken: KrStorageError } => {
        const taken = transaction.row(object.uid) ?? transaction.rowByName(object.name) ?? slotRow(transaction, object);
        if (taken) {
          const refusal = nameTaken(pool, object, taken);
          if (taken.session === null) throw refusal;
          return { uid: taken.uid, session: taken.session, taken: refusal };
        }
        const source = object.sourceUid === undefined ? undefined : transaction.row(object.sourceUid);
        if (source?.session) return { uid: source.uid, session: source.session, taken: sourceBusy(pool, source.name) };
        return intend(pool, turn, transaction, object, call, writers);
      },
    );
    if ("entry" in begun) return begun;
    if (!(await recoverIntent(pool, call, begun.uid, begun.session))) throw begun.taken;
    throwIfCancelled(call.signal, "making", `${pool.where}/${object.name}`);
  }
}

/** Of a snapshot that a policy takes: what has its slot already, whatever it is called. */
function slotRow(transaction: Transaction, { kind, sourceUid, taken }: NewObject): ObjectRow | undefined {
  const isTaken = kind === "snapshot" && sourceUid !== undefined && taken !== undefined;
  return isTaken ? transaction.rowBySlot(sourceUid, taken) : undefined;
}

async function make(pool: OpenPool, call: Call, entry: Entry, from: DiskOrigin): Promise<StoredObject> {
  let record: ObjectRecord;
  try {
    throwIfCancelled(call.signal, "making", `${pool.where}/${entry.name}`);
    record = isTree(entry.record)
      ? await stageTree(pool, call, entry, from.source)
      : await stageObject(pool, call, entry, from);
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
    await removeStaged(pool, stagedFolder(pool.paths, entry.uid));
    await pool.database.write(() => {
      const transaction = pool.transaction(call);
      transaction.remove(entry.uid);
      transaction.audit("create-undone", entry, entry.record, undefined);
    });
  } catch (error) {
    pool.site.env.log.warn(
      `${pool.where}/${entry.name}: what was begun could not be cleaned up and will be later: ${String(error)}`,
    );
  }
}

/** A copy that a dead process has left running must not go on filling what is removed: it works by the path, which is taken from it. */
async function removeStaged(pool: OpenPool, folder: string): Promise<void> {
  if (!hasTree(folder)) return removeFolder(folder);
  const aside = `${pool.paths.staging}/gone-${pool.session().id}-${randomBytes(6).toString("hex")}`;
  renameSync(folder, aside);
  await removeFolder(aside);
}

async function goLive(pool: OpenPool, call: Call, entry: Entry): Promise<StoredObject> {
  await Promise.all([pool.sync.folder(pool.paths.data), pool.sync.folder(pool.paths.staging)]);
  const live: Entry = { ...entry, phase: "live", session: null };
  await pool.database.write(() => {
    const transaction = pool.transaction(call);
    transaction.save(live);
    transaction.audit("create", live, undefined, live.record);
  });
  makeLink(pool, live.record);
  return storedObject(pool.paths, live, healthOf(pool.paths, pool.identity, live, "folder"));
}

/** For recovery: finishes what was published, undoes what was only staged. */
export async function finishCreate(pool: OpenPool, call: Call, entry: Entry): Promise<void> {
  const carrier = publishedCarrier(pool, entry);
  if (!carrier) return discard(pool, call, entry);
  // The staged copy of the record knows more than the intent: what the copy of the disk is worth
  const copy = readCopy(copyPath(pool.paths, entry.uid));
  const known = copy?.record.uid === entry.uid && copy.record.claim === entry.record.claim ? copy.record : entry.record;
  await goLive(pool, call, { ...entry, record: { ...known, self: selfOf(carrier.ino, pool.identity) } });
}

function publishedCarrier(pool: OpenPool, { uid, record }: Entry): Stats | undefined {
  const folder = lstatSync(objectFolder(pool.paths, uid), { throwIfNoEntry: false });
  if (!folder) return undefined;
  const carrier = carrierOf(pool.paths, record);
  if (!carrier) {
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `${objectFolder(pool.paths, uid)} was published without ${carrierName(record)}; it is left as it is`,
      { target: pool.where },
    );
  }
  return carrier;
}

async function writersOf(pool: OpenPool, uid: string): Promise<Holder[]> {
  return (await holdersOf(pool.paths, uid)).filter((holder) => holder.writes);
}

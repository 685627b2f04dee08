import { chmodSync, lstatSync } from "node:fs";
import { KrStorageError } from "../../model/errors";
import type { Call, Match, StoredObject, Undelete } from "../driver";
import { isTree } from "./carrier";
import type { Entry } from "./entry";
import { diskAccess, folderModeOf, setAccess } from "./fileMode";
import { healthOf, storedObject } from "./health";
import { holdersOf, inUse, requireUnused } from "./holders";
import { diskPath, objectFolder } from "./layout";
import { dropLink, makeLink } from "./links";
import { findLive, requireHealthy } from "./matching";
import type { OpenPool } from "./openPool";
import { refreshCopy } from "./recordCopy";
import { checkedRecord, objectNameProblem } from "./requests";
import { closeFile, openDisk } from "./safeFiles";
import type { Transaction } from "./transaction";
import { whenIdle } from "./turns";
import { requireNoSnapshots, requireNothingReads, requireNotRegistered } from "./uses";

/** Moves an object to the trash. Only its row changes: whoever still has the path keeps the bytes they know. */
export async function trashObject(
  pool: OpenPool,
  match: Match,
  retentionMs: number,
  call: Call,
): Promise<StoredObject | undefined> {
  if (!Number.isFinite(retentionMs) || retentionMs < 0) {
    throw new KrStorageError("INVALID_ARGUMENT", `${retentionMs} is not a time to keep trash for`, {
      target: pool.where,
      issues: [{ path: "retentionMs", message: "a number of ms" }],
    });
  }
  const before = await pool.change(call, (transaction) => checkTrash(pool, transaction, match));
  if (!before) return undefined;
  const what = `${pool.where}/${before.name}`;
  await requireUnused(pool.paths, match.uid, what, "deleted");
  const trashed = await whenIdle(pool, call, match.uid, "deleted", (transaction) => {
    const entry = checkTrash(pool, transaction, match);
    return entry && moveToTrash(transaction, entry, retentionMs);
  });
  if (!trashed) return undefined;
  // Opened between the look and the move: it is put back, and the caller told
  const holders = await holdersOf(pool.paths, match.uid);
  if (holders.length > 0 && (await putBack(pool, trashed, before, call))) {
    await refreshCopy(pool, trashed.uid);
    throw inUse(what, "deleted", holders);
  }
  dropLink(pool, trashed.name, trashed.uid);
  setReach(pool, trashed, true);
  await refreshCopy(pool, trashed.uid);
  return storedObject(pool.paths, trashed, healthOf(pool.paths, pool.identity, trashed));
}

function checkTrash(pool: OpenPool, transaction: Transaction, match: Match): Entry | undefined {
  const entry = findLive(pool, transaction, match);
  if (!entry) return undefined;
  const what = `${pool.where}/${entry.name}`;
  if (entry.record.protection) {
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `${what} is protected (deletionProtection); take that off in an update of its own, then delete it`,
      { target: what },
    );
  }
  requireNotRegistered(entry, what, "deleted");
  requireNoSnapshots(transaction, entry, what);
  requireNothingReads(transaction, entry, what, "deleted");
  return entry;
}

function moveToTrash(transaction: Transaction, entry: Entry, retentionMs: number): Entry {
  const { record } = entry;
  const trashed: Entry = {
    ...entry,
    phase: "trashed",
    record: {
      ...record,
      trashedAt: transaction.now,
      expiresAt: timeText(transaction.nowMs + retentionMs),
      revision: record.revision + 1,
    },
  };
  transaction.save(trashed);
  transaction.audit("trash", trashed, record, trashed.record);
  return trashed;
}

/** The last moment that can be written is far enough for "never". */
const lastMoment = 8.64e15;
function timeText(ms: number): string {
  return new Date(Math.min(ms, lastMoment)).toISOString();
}

/** Undoes a move to the trash. False if the name is taken meanwhile; then it stays there, and in use. */
async function putBack(pool: OpenPool, trashed: Entry, before: Entry, call: Call): Promise<boolean> {
  return pool.change(call, (transaction) => {
    const current = transaction.find(trashed.uid);
    if (
      current?.phase !== "trashed" ||
      current.record.revision !== trashed.record.revision ||
      transaction.rowByName(trashed.name)
    )
      return false;
    const live: Entry = {
      ...current,
      phase: "live",
      record: { ...before.record, revision: current.record.revision + 1 },
    };
    transaction.save(live);
    transaction.audit("trash-undone", live, current.record, live.record);
    return true;
  });
}

/** Brings an object back from the trash, under a new claim and without what used it then. */
export async function undeleteObject(pool: OpenPool, request: Undelete, call: Call): Promise<StoredObject> {
  const before = await pool.change(call, (transaction) => checkUndelete(pool, transaction, request));
  // Before the row: a live disk that its owner could not write would be worse than a trashed one that can be
  setReach(pool, before, false);
  const live = await whenIdle(pool, call, request.uid, "undeleted", (transaction) => {
    const entry = checkUndelete(pool, transaction, request);
    const { trashedAt: _trashedAt, expiresAt: _expiresAt, policies: _policies, ...kept } = entry.record;
    const name = request.name ?? entry.name;
    const record = checkedRecord(
      { ...kept, name, claim: request.claim, consumers: [], revision: entry.record.revision + 1 },
      `${pool.where}/${name}`,
    );
    const next: Entry = { ...entry, name, phase: "live", record };
    transaction.save(next);
    transaction.audit("undelete", next, entry.record, record);
    return next;
  });
  makeLink(pool, live.record);
  await refreshCopy(pool, live.uid);
  return storedObject(pool.paths, live, healthOf(pool.paths, pool.identity, live));
}

function checkUndelete(pool: OpenPool, transaction: Transaction, request: Undelete): Entry {
  const entry = transaction.find(request.uid);
  if (entry?.phase !== "trashed") {
    throw new KrStorageError(
      "NOT_FOUND",
      `the object with uid ${request.uid} is not in the trash of pool ${pool.where}`,
      { target: pool.where },
    );
  }
  const name = request.name ?? entry.name;
  const what = `${pool.where}/${name}`;
  const problem = objectNameProblem(entry.kind, name);
  if (problem)
    throw new KrStorageError("INVALID_ARGUMENT", problem, {
      target: what,
      issues: [{ path: "name", message: problem }],
    });
  const taken = transaction.rowByName(name);
  if (taken) {
    throw new KrStorageError(
      "ALREADY_EXISTS",
      `${what} is the name of another object now (uid ${taken.uid}); undelete under another name`,
      { target: what },
    );
  }
  requireHealthy(pool, entry);
  return entry;
}

/**
 * What is in the trash is read-only, for those who still have the path; into a share that is there nobody comes any more, and its own
 * modes stay. The row is what counts, so this fails nothing; fsck mends it.
 */
function setReach(pool: OpenPool, entry: Entry, isTrashed: boolean): void {
  try {
    if (isTree(entry.record)) {
      setFolderMode(pool, entry.uid, folderModeOf(entry, isTrashed));
      return;
    }
    const { descriptor, stats } = openDisk(diskPath(pool.paths, entry.uid), "read");
    try {
      setAccess(descriptor, stats, diskAccess(pool.site.options), isTrashed || entry.kind === "snapshot");
    } finally {
      closeFile(descriptor);
    }
  } catch (error) {
    pool.site.env.log.debug(`${pool.where}/${entry.name}: the mode of its bytes was not changed: ${String(error)}`);
  }
}

function setFolderMode(pool: OpenPool, uid: string, mode: number): void {
  const folder = objectFolder(pool.paths, uid);
  if (lstatSync(folder).isDirectory()) chmodSync(folder, mode);
}

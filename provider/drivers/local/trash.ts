import { chmodSync, lstatSync } from "node:fs";
import { KrStorageError } from "../../model/errors";
import { snapshotName } from "../../model/names";
import type { Call, Holder, Match, StoredObject, Undelete } from "../driver";
import { checkedRecord, objectNameProblem } from "../requests";
import { isTree } from "./carrier";
import { type Entry, readRow } from "./entry";
import { diskAccess, folderModeOf, setAccess } from "./fileMode";
import { healthOf, storedObject } from "./health";
import { holdersOf, inUse } from "./holders";
import { whenIdle } from "./idle";
import { diskPath, objectFolder } from "./layout";
import { dropLink, makeLink } from "./links";
import { findLive, requireHealthy } from "./matching";
import type { OpenPool } from "./openPool";
import { refreshCopy } from "./recordCopy";
import { closeFile, openDisk } from "./safeFiles";
import type { Transaction } from "./transaction";
import { companionsOf, requireNothingReads, requireNotRegistered } from "./uses";

/** Moves an object to the trash, with the snapshots that policies took of it. Only rows change: whoever still has a path keeps the bytes they know. */
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
  const [first] = before;
  if (!first) return undefined;
  const what = `${pool.where}/${first.name}`;
  const found = await holdersOfAll(pool, before);
  if (found.length > 0) throw inUse(what, "deleted", found);
  const moved = await whenIdle(pool, call, match.uid, "deleted", (transaction) =>
    checkTrash(pool, transaction, match).map((entry) => ({
      before: entry,
      trashed: moveToTrash(transaction, entry, match.uid, retentionMs),
    })),
  );
  const [main] = moved;
  if (!main) return undefined;
  const trashed = moved.map((move) => move.trashed);
  // Opened between the look and the move: it is put back, and the caller told
  const holders = await holdersOfAll(pool, trashed);
  if (holders.length > 0 && (await putBack(pool, moved, call))) {
    for (const { uid } of trashed) await refreshCopy(pool, uid);
    throw inUse(what, "deleted", holders);
  }
  for (const entry of trashed) {
    dropLink(pool, entry.name, entry.uid);
    setReach(pool, entry, true);
  }
  await Promise.all(trashed.map(({ uid }) => refreshCopy(pool, uid)));
  return storedObject(pool.paths, main.trashed, healthOf(pool.paths, pool.identity, main.trashed));
}

async function holdersOfAll(pool: OpenPool, entries: Entry[]): Promise<Holder[]> {
  return (await Promise.all(entries.map(({ uid }) => holdersOf(pool.paths, uid)))).flat();
}

/** What would go to the trash: the object first, then what goes with it. Nothing if it is not live. */
function checkTrash(pool: OpenPool, transaction: Transaction, match: Match): Entry[] {
  const entry = findLive(pool, transaction, match);
  if (!entry) return [];
  const what = `${pool.where}/${entry.name}`;
  if (entry.record.protection) {
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `${what} is protected (deletionProtection); take that off in an update of its own, then delete it`,
      { target: what },
    );
  }
  requireNotRegistered(entry, what, "deleted");
  requireNothingReads(transaction, entry, what, "deleted");
  return [entry, ...companionsOf(transaction, entry, what)];
}

function moveToTrash(transaction: Transaction, entry: Entry, mainUid: string, retentionMs: number): Entry {
  const { record } = entry;
  const trashed: Entry = {
    ...entry,
    phase: "trashed",
    record: {
      ...record,
      trashedAt: transaction.now,
      ...(entry.uid === mainUid ? {} : { trashedWith: mainUid }),
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

/** Undoes a move to the trash. False if a name is taken meanwhile; then everything stays there, and in use. */
async function putBack(pool: OpenPool, moved: { before: Entry; trashed: Entry }[], call: Call): Promise<boolean> {
  return pool.change(call, (transaction) => {
    const back = moved.map(({ before, trashed }) => ({ before, current: transaction.find(trashed.uid), trashed }));
    const isAsItWas = back.every(
      ({ current, trashed }) =>
        current?.phase === "trashed" &&
        current.record.revision === trashed.record.revision &&
        !transaction.rowByName(trashed.name),
    );
    if (!isAsItWas) return false;
    for (const { before, current } of back) {
      if (!current) continue;
      const record = { ...before.record, revision: current.record.revision + 1 };
      const live: Entry = { ...current, phase: "live", record };
      transaction.save(live);
      transaction.audit("trash-undone", live, current.record, live.record);
    }
    return true;
  });
}

/** Brings an object back from the trash, under a new claim and without what used it then, and the snapshots that went with it. */
export async function undeleteObject(pool: OpenPool, request: Undelete, call: Call): Promise<StoredObject> {
  const before = await pool.change(call, (transaction) => checkUndelete(pool, transaction, request));
  // Before the rows: a live disk that its owner could not write would be worse than a trashed one that can be
  for (const entry of before) setReach(pool, entry, false);
  const live = await whenIdle(pool, call, request.uid, "undeleted", (transaction) => {
    const [main, ...companions] = checkUndelete(pool, transaction, request);
    const name = request.name ?? main.name;
    return [
      bringBack(pool, transaction, main, name, request.claim),
      ...companions.map((entry) => bringBack(pool, transaction, entry, nameWith(name, entry), entry.record.claim)),
    ] as const;
  });
  for (const { record } of live) makeLink(pool, record);
  await Promise.all(live.map(({ uid }) => refreshCopy(pool, uid)));
  return storedObject(pool.paths, live[0], healthOf(pool.paths, pool.identity, live[0]));
}

function bringBack(pool: OpenPool, transaction: Transaction, entry: Entry, name: string, claim: string): Entry {
  const { trashedAt: _at, trashedWith: _with, expiresAt: _expires, policies: _policies, ...kept } = entry.record;
  const record = checkedRecord(
    { ...kept, name, claim, consumers: [], revision: entry.record.revision + 1 },
    `${pool.where}/${name}`,
  );
  const next: Entry = { ...entry, name, phase: "live", record };
  transaction.save(next);
  transaction.audit("undelete", next, entry.record, record);
  return next;
}

/** A snapshot has the name of what it was taken of in its own. */
function nameWith(source: string, { name }: Entry): string {
  return snapshotName(source, name.slice(name.indexOf("@") + 1));
}

/** What would come back: the object first, then what went with it. */
function checkUndelete(pool: OpenPool, transaction: Transaction, request: Undelete): [Entry, ...Entry[]] {
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
  const companions = transaction
    .rowsFrom(entry.uid)
    .map(readRow)
    .filter((found): found is Entry => "record" in found && found.phase === "trashed")
    .filter(({ session, record }) => session === null && record.trashedWith === entry.uid);
  for (const wanted of [name, ...companions.map((companion) => nameWith(name, companion))]) {
    const taken = transaction.rowByName(wanted);
    if (!taken) continue;
    throw new KrStorageError(
      "ALREADY_EXISTS",
      `${pool.where}/${wanted} is the name of another object now (uid ${taken.uid}); undelete under another name`,
      { target: what },
    );
  }
  requireHealthy(pool, entry);
  return [entry, ...companions];
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

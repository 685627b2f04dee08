import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { KrStorageError } from "../../model/errors";
import type { FsckOptions } from "../driver";
import { formatVersion } from "../record";
import { isUid } from "../requests";
import { carrierName, carrierOf } from "./carrier";
import { type Entry, type ObjectRow, readRow, rowColumns } from "./entry";
import { type Check, report } from "./findings";
import { healthOf, selfOf } from "./health";
import { copyPath } from "./layout";
import type { OpenPool } from "./openPool";
import {
  displace,
  displacedMessage,
  insertRestored,
  isNewer,
  lostMessage,
  type Restored,
  restore,
  uidsIn,
} from "./rebuild";
import { copyText, readCopy, refreshCopy } from "./recordCopy";
import { readPoolRow, type Transaction } from "./transaction";

/** Rows, the copies of their records, and the data they are of: what one has lost, another may still have. */
export async function checkRows(pool: OpenPool, options: FsckOptions, check: Check): Promise<void> {
  await checkUnknownData(pool, check);
  const rows = pool.database.sql(`SELECT ${rowColumns} FROM objects ORDER BY uid`).all() as ObjectRow[];
  for (const row of rows) {
    const entry = readRow(row);
    if ("problem" in entry) await checkUnreadable(pool, row, entry.problem, check);
    else if (entry.phase === "live" || entry.phase === "trashed") await checkEntry(pool, entry, options, check);
  }
}

async function checkUnreadable(pool: OpenPool, row: ObjectRow, problem: string, check: Check): Promise<void> {
  await report(check, row.uid, `${row.name}: ${problem}`, async () => {
    const { record } = readPoolRow(pool.database, pool.where);
    const restored = restore(pool.paths, row.uid, record);
    if ("lost" in restored) throw new KrStorageError("PRECONDITION_FAILED", restored.lost);
    await pool.change(check.call, (transaction) => {
      const now = transaction.row(row.uid);
      if (now?.record !== row.record) return; // someone else has mended it
      const { entry } = restored;
      // What the row still tells in its columns is newer than the copy
      const phase = row.phase === "live" || row.phase === "trashed" ? row.phase : entry.phase;
      const next: Entry = {
        ...entry,
        phase,
        record: { ...entry.record, revision: Math.max(entry.record.revision, row.revision) + 1 },
      };
      const taken = phase === "live" ? transaction.rowByName(entry.name) : undefined;
      const fitting = taken && taken.uid !== row.uid ? displace(next) : next;
      transaction.save(fitting);
      transaction.audit("repair", fitting, undefined, fitting.record);
    });
    await refreshCopy(pool, row.uid);
  });
}

async function checkEntry(pool: OpenPool, entry: Entry, options: FsckOptions, check: Check): Promise<void> {
  const { health, problem } = healthOf(pool.paths, pool.identity, entry);
  if (health === "copied") {
    const accept = options.acceptCopied === pool.identity ? () => acceptDisk(pool, entry, check) : undefined;
    await report(check, entry.uid, `${entry.name} is copied: ${problem}`, accept);
    if (!accept) return;
  } else if (health !== "ready") {
    await report(check, entry.uid, `${entry.name} is ${health}: ${problem}`);
    if (health === "missing") return;
  }
  if (entry.record.formatVersion > formatVersion) return;
  const row = pool.database.sql(`SELECT ${rowColumns} FROM objects WHERE uid = ?`).get(entry.uid) as
    | ObjectRow
    | undefined;
  const current = row && readRow(row);
  if (!current || "problem" in current || (current.phase !== "live" && current.phase !== "trashed")) return;
  const copy = readCopy(copyPath(pool.paths, entry.uid));
  if (copy && copyText(copy.phase, copy.record) === copyText(current.phase, current.record)) return;
  await report(
    check,
    entry.uid,
    `${entry.name}: the copy of its record is ${copy ? "old" : "missing or cannot be read"}`,
    () => refreshCopy(pool, entry.uid),
  );
}

/** Takes the file or folder that is there for the one the object was made with. */
async function acceptDisk(pool: OpenPool, entry: Entry, check: Check): Promise<void> {
  const stats = carrierOf(pool.paths, entry.record);
  if (!stats) throw new KrStorageError("PRECONDITION_FAILED", `its ${carrierName(entry.record)} is not there`);
  await pool.change(check.call, (transaction) => {
    const current = transaction.find(entry.uid);
    if (!current || current.session !== null) return;
    const next: Entry = {
      ...current,
      record: { ...current.record, self: selfOf(stats.ino, pool.identity), revision: current.record.revision + 1 },
    };
    transaction.save(next);
    transaction.audit("accept-copied", next, current.record, next.record);
  });
  await refreshCopy(pool, entry.uid);
}

/** Published data without a row. Listed first, so that a create that publishes meanwhile has its row when rows are looked up. */
async function checkUnknownData(pool: OpenPool, check: Check): Promise<void> {
  for (const found of readdirSync(pool.paths.data, { withFileTypes: true })) {
    if (!found.isDirectory() || !isUid(found.name)) {
      await report(
        check,
        join(pool.paths.data, found.name),
        "something that KRStorage did not make is in the data folder; it is left as it is",
      );
    }
  }
  for (const uid of uidsIn(pool.paths)) {
    if (hasRow(pool, uid) || !lstatSync(join(pool.paths.data, uid), { throwIfNoEntry: false })) continue;
    const restored = restore(pool.paths, uid, readPoolRow(pool.database, pool.where).record);
    if ("lost" in restored) {
      await report(check, uid, lostMessage(restored));
      if (check.repair) await pool.change(check.call, (transaction) => insertUnknown(pool, transaction, restored));
      continue;
    }
    let displaced: string | undefined;
    await report(
      check,
      uid,
      `${restored.entry.name}: its data and the copy of its record are there, but its row is not`,
      async () => {
        displaced = await pool.change(check.call, (transaction) => insertUnknown(pool, transaction, restored));
        await refreshCopy(pool, uid);
      },
    );
    if (displaced) await report(check, uid, displaced, () => undefined);
  }
}

/** Returns the sentence for an object that lost its name to another. */
function insertUnknown(pool: OpenPool, transaction: Transaction, restored: Restored): string | undefined {
  const uid = "lost" in restored ? restored.uid : restored.entry.uid;
  if (transaction.row(uid)) return undefined;
  if ("lost" in restored || restored.entry.phase !== "live") {
    insertRestored(pool.database, transaction, restored, pool.paths);
    return undefined;
  }
  const { entry } = restored;
  const taken = transaction.rowByName(entry.name);
  const other = taken && readRow(taken);
  if (!taken) {
    insertRestored(pool.database, transaction, restored, pool.paths);
    return undefined;
  }
  if (
    other &&
    !("problem" in other) &&
    other.phase === "live" &&
    other.session === null &&
    isNewer(entry.record, other.record)
  ) {
    const loser = displace(other);
    transaction.save(loser);
    transaction.audit("repair", loser, other.record, loser.record);
    insertRestored(pool.database, transaction, restored, pool.paths);
    return `${other.uid}: ${displacedMessage(entry.name, entry.uid)}`;
  }
  insertRestored(pool.database, transaction, { entry: displace(entry) }, pool.paths);
  return displacedMessage(entry.name, taken.uid);
}

function hasRow(pool: OpenPool, uid: string): boolean {
  return pool.database.sql("SELECT 1 FROM objects WHERE uid = ?").get(uid) !== undefined;
}

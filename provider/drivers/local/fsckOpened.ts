import { KrStorageError, messageOf } from "../../model/errors";
import { exactBytes } from "../../model/quantity";
import { refreshMarker } from "./changePool";
import { type ObjectRow, readRow, rowColumns } from "./entry";
import { type Check, report } from "./findings";
import { selfOf } from "./health";
import { readMarker } from "./marker";
import type { OpenPool } from "./openPool";
import { recoverAll } from "./recovery";
import { isAlive, sessionIds } from "./sessions";
import { diskFileOf } from "./stage";
import { readPoolRow } from "./transaction";

/** The pool's own row, the sum of what it has promised, and what dead processes left unfinished. */
export async function checkOpened(pool: OpenPool, check: Check): Promise<void> {
  if (!(await checkPoolRow(pool, check))) return;
  await checkSum(pool, check);
  await checkUnfinished(pool, check);
}

async function checkPoolRow(pool: OpenPool, check: Check): Promise<boolean> {
  const marker = readMarker(pool.paths, pool.where);
  try {
    const { record } = readPoolRow(pool.database, pool.where);
    if (JSON.stringify(marker?.record) !== JSON.stringify(record)) {
      await report(check, pool.paths.marker, "the copy of the pool's record in its marker is old", () =>
        refreshMarker(pool),
      );
    }
    return true;
  } catch (error) {
    if (!KrStorageError.isInstance(error)) throw error;
    const record = marker?.record;
    let isMended = false;
    await report(check, pool.paths.database, "the pool's own record cannot be read", async () => {
      if (!record)
        throw new KrStorageError("PRECONDITION_FAILED", "the copy of it in the marker cannot be read either");
      await pool.database.write(() => {
        pool.database
          .sql("UPDATE pool SET record = ?, clock = ?")
          .run(JSON.stringify(record), JSON.stringify(pool.clock.first()));
        pool.transaction(check.call).audit("repair-pool", record, undefined, record);
      });
      isMended = true;
    });
    return isMended;
  }
}

async function checkSum(pool: OpenPool, check: Check): Promise<void> {
  const sums = () =>
    pool.database
      .sql(
        "SELECT (SELECT provisioned FROM pool) AS kept, (SELECT coalesce(sum(provisioned), 0) FROM objects) AS counted",
      )
      .get() as { kept: number; counted: number };
  const { kept, counted } = sums();
  if (kept === counted) return;
  await report(
    check,
    pool.where,
    `the pool counts ${exactBytes(kept)} as promised, its objects ${exactBytes(counted)}`,
    async () => {
      await pool.database.write(() =>
        pool.database.sql("UPDATE pool SET provisioned = (SELECT coalesce(sum(provisioned), 0) FROM objects)").run(),
      );
    },
  );
}

async function checkUnfinished(pool: OpenPool, check: Check): Promise<void> {
  const rows = pool.database.sql(`SELECT ${rowColumns} FROM objects WHERE session IS NOT NULL`).all() as ObjectRow[];
  for (const row of rows) {
    const isOurs = row.session === pool.sessionId && pool.active.has(row.uid);
    const isOthers = row.session !== pool.sessionId && isAlive(pool.paths.sessions, row.session ?? "");
    if (isOurs || isOthers) continue;
    await report(
      check,
      row.uid,
      `${row.name} was left unfinished (${row.operation === null ? row.phase : "changing"})`,
      async () => {
        try {
          await recoverAll(pool, check.call);
        } catch (error) {
          if (!(await dropLostRollback(pool, row.uid, check))) throw error;
        }
        const left = pool.database.sql("SELECT session FROM objects WHERE uid = ?").get(row.uid) as
          | { session: string | null }
          | undefined;
        if (left?.session && !(await dropLostRollback(pool, row.uid, check)))
          throw new Error("it could not be finished");
      },
    );
  }
  for (const id of sessionIds(pool.paths.sessions)) {
    if (id === pool.sessionId || isAlive(pool.paths.sessions, id)) continue;
    await report(
      check,
      `${pool.paths.sessions}/${id}.db`,
      "the lock file of a process that has ended is left",
      async () => {
        await recoverAll(pool, check.call).catch((error: unknown) => pool.site.env.log.debug(messageOf(error)));
      },
    );
  }
}

/** A rollback whose staged copy is gone can only be given up: the volume has the bytes that it had. */
async function dropLostRollback(pool: OpenPool, uid: string, check: Check): Promise<boolean> {
  return pool.database.write(() => {
    const transaction = pool.transaction(check.call);
    const row = transaction.row(uid);
    const entry = row && readRow(row);
    if (!entry || "problem" in entry || entry.operation?.type !== "rollback") return false;
    const inode = diskFileOf(pool.paths, uid)?.ino;
    if (inode === undefined || entry.record.self !== selfOf(inode, pool.identity)) return false;
    transaction.save({ ...entry, session: null, operation: undefined });
    transaction.audit("rollback-given-up", entry, entry.record, entry.record);
    return true;
  });
}

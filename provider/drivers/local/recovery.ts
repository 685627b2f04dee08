import { KrStorageError, messageOf } from "../../model/errors";
import type { Call } from "../driver";
import { type Entry, readRow } from "./entry";
import type { OpenPool } from "./openPool";
import { sessionIds, withDeadSession } from "./sessions";
import { leaveTurn } from "./turns";

/** Brings what dead processes left unfinished in a pool to its end. Done once, before this process's first change. */
export function recoverOnce(pool: OpenPool, call: Call): Promise<void> {
  pool.recovered ??= recoverAll(pool, call).then(
    () => undefined,
    (error: unknown) => {
      // One object that cannot be recovered must not stop work on the others; it is met again when its turn comes
      pool.recovered = undefined;
      pool.site.env.log.warn(`${pool.where}: unfinished work was not recovered: ${messageOf(error)}`);
    },
  );
  return pool.recovered;
}

/** As `recoverOnce`, at any time. Returns the uids that were brought to an end. */
export async function recoverAll(pool: OpenPool, call: Call): Promise<string[]> {
  const unfinished = pool.database.sql("SELECT DISTINCT session FROM objects WHERE session IS NOT NULL").all() as {
    session: string;
  }[];
  const sessions = new Set([...unfinished.map((row) => row.session), ...sessionIds(pool.paths.sessions)]);
  const recovered: string[] = [];
  for (const session of sessions) {
    if (session === pool.sessionId) continue;
    await withDeadSession(pool.paths.sessions, session, async () => {
      recovered.push(...(await takeOver(pool, call, session)));
    });
  }
  return recovered;
}

/** Recovers the unfinished work on one object, if whoever began it is dead. False if they live. */
export async function recoverIntent(pool: OpenPool, call: Call, uid: string, session: string): Promise<boolean> {
  if (session === pool.sessionId) {
    if (pool.active.has(uid)) return false;
    pool.active.add(uid); // a call of this process that failed half-way
    try {
      await resume(pool, call, uid);
    } finally {
      await leaveTurn(pool, uid);
    }
    return true;
  }
  return withDeadSession(pool.paths.sessions, session, async () => {
    await takeOver(pool, call, session);
  });
}

/** Takes everything a dead session left over to this one, and finishes it. The compare-and-swap excludes racing recoverers. */
async function takeOver(pool: OpenPool, call: Call, dead: string): Promise<string[]> {
  const mine = pool.session().id;
  const taken = await pool.change(call, (transaction) => {
    const uids = transaction.unfinished().flatMap((row) => (row.session === dead ? [row.uid] : []));
    for (const uid of uids) {
      pool.database.sql("UPDATE objects SET session = ? WHERE uid = ? AND session = ?").run(mine, uid, dead);
      pool.active.add(uid);
    }
    return uids;
  });
  let failure: unknown;
  for (const uid of taken) {
    try {
      await resume(pool, call, uid);
    } catch (error) {
      failure ??= error;
    } finally {
      await leaveTurn(pool, uid);
    }
  }
  if (failure !== undefined) throw failure;
  return taken;
}

/** Finishes what was begun on one object. Recovery is never cancelled half-way by whoever happened to meet it. */
async function resume(pool: OpenPool, call: Call, uid: string): Promise<void> {
  const entry = await pool.change(call, (transaction): Entry | undefined => {
    const row = transaction.row(uid);
    if (!row || row.session !== pool.sessionId) return undefined;
    const read = readRow(row);
    if ("problem" in read) {
      throw new KrStorageError(
        "PRECONDITION_FAILED",
        `${pool.where}/${row.name} (uid ${uid}) is damaged: ${read.problem}`,
        { target: `${pool.where}/${row.name}` },
      );
    }
    transaction.requireWritable(read.record, `${pool.where}/${row.name}`);
    return read;
  });
  if (!entry) return;
  const steady: Call = { ...call, signal: new AbortController().signal };
  pool.site.env.log.info(
    `${pool.where}/${entry.name}: finishing what a process left unfinished (${entry.operation?.type ?? entry.phase})`,
  );
  try {
    await pool.finish(pool, steady, entry);
  } catch (error) {
    // What could not be finished may have been undone; then that is its end
    const row = pool.database.sql("SELECT session FROM objects WHERE uid = ?").get(uid) as
      | { session: string | null }
      | undefined;
    if (row?.session === pool.sessionId) throw error;
    pool.site.env.log.warn(`${pool.where}/${entry.name}: what was left unfinished was undone: ${messageOf(error)}`);
  }
}

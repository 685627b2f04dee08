import { setTimeout as sleep } from "node:timers/promises";
import { KrStorageError, messageOf } from "../../model/errors";
import type { Call } from "../driver";
import { throwIfCancelled } from "./errors";
import type { OpenPool } from "./openPool";
import { recoverIntent } from "./recovery";
import type { Transaction } from "./transaction";

/** How long a call waits for another that works on the same object. Grows take milliseconds; what copies takes longer. */
const patienceMs = 10_000;

/**
 * Runs `body` in a transaction in which nobody works on the object. What a dead process left unfinished on it is brought to its
 * end first; a living one is waited for, and then IN_USE.
 */
export async function whenIdle<T>(
  pool: OpenPool,
  call: Call,
  uid: string,
  verb: string,
  body: (transaction: Transaction) => T,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const turn = await pool.change(call, (transaction): { value: T } | { name: string; session: string } => {
      const row = transaction.row(uid);
      return row?.session ? { name: row.name, session: row.session } : { value: body(transaction) };
    });
    if ("value" in turn) return turn.value;
    if (await recoverIntent(pool, call, uid, turn.session)) continue;
    const what = `${pool.where}/${turn.name}`;
    throwIfCancelled(call.signal, verb, what);
    if (performance.now() > deadline) {
      throw new KrStorageError(
        "IN_USE",
        `${what} cannot be ${verb} now: another process is still working on it; try again later`,
        { target: what, retryable: true },
      );
    }
    await sleep(5 + Math.random() * 20);
  }
}

/** That this call, and no other of this process, works on an object. */
export class Turn {
  private isHeld = false;

  constructor(
    private readonly pool: OpenPool,
    private readonly uid: string,
  ) {}

  /** The session to write into the row. Only inside a transaction in which nobody else works on the object. */
  claim(): string {
    this.isHeld = true;
    this.pool.active.add(this.uid);
    return this.pool.session().id;
  }

  /** When the work has ended, however it ended. */
  async release(): Promise<void> {
    if (!this.isHeld) return;
    this.isHeld = false;
    await leaveTurn(this.pool, this.uid);
  }
}

/** The session of work that a living process could not finish: any process may, as if that one were dead. */
const abandoned = "abandoned";

/** Ends this process's work on an object. What is still on its row then was left unfinished, and is anybody's now. */
export async function leaveTurn(pool: OpenPool, uid: string): Promise<void> {
  pool.active.delete(uid);
  const mine = pool.sessionId;
  if (mine === undefined) return;
  try {
    if (!pool.database.sql("SELECT 1 FROM objects WHERE uid = ? AND session = ?").get(uid, mine)) return;
    await pool.database.write(() =>
      pool.database.sql("UPDATE objects SET session = ? WHERE uid = ? AND session = ?").run(abandoned, uid, mine),
    );
  } catch (error) {
    pool.site.env.log.debug(`${pool.where}: ${uid} stays with this process: ${messageOf(error)}`);
  }
}

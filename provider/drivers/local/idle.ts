import { setTimeout as sleep } from "node:timers/promises";
import { KrStorageError } from "../../model/errors";
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

import type { Call } from "../driver";
import { finishCreate } from "./create";
import type { Entry } from "./entry";
import { finishGrow } from "./grow";
import type { OpenPool } from "./openPool";
import { finishPurge } from "./purge";
import { finishRollback } from "./rollback";

/** Brings what was begun on one object to its end, by what was begun. The row is this process's own. */
export async function finishUnfinished(pool: OpenPool, call: Call, entry: Entry): Promise<void> {
  if (entry.phase === "creating") await finishCreate(pool, call, entry);
  else if (entry.phase === "purging") await finishPurge(pool, call, entry);
  else if (entry.operation?.type === "grow") await finishGrow(pool, call, entry);
  else if (entry.operation?.type === "rollback") await finishRollback(pool, call, entry);
  else await pool.change(call, (transaction) => transaction.save({ ...entry, session: null }));
}

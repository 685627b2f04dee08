import { KrStorageError, messageOf } from "../../model/errors";
import { applyPoolChange, requireMatch } from "../changes";
import type { Call, Match, PoolChange } from "../driver";
import type { PoolRecord } from "../record";
import { checkedPoolRecord } from "../requests";
import { writeMarker } from "./marker";
import type { OpenPool } from "./openPool";
import { isAlive } from "./sessions";
import { removeTombstone } from "./tombstone";

/** Changes a pool's record, by compare-and-swap; `retiredAt: undefined` brings a retired pool back. */
export async function changePool(pool: OpenPool, match: Match, change: PoolChange, call: Call): Promise<void> {
  const what = `pool ${pool.where}`;
  const bringsBack = "retiredAt" in change;
  const record = await pool.database.write((): PoolRecord => {
    const transaction = pool.transaction(call);
    transaction.requireWritable(transaction.pool, what);
    requireMatch(transaction.pool, match, what);
    if (transaction.removing !== null) {
      const isRemoverAlive =
        transaction.removing === pool.sessionId || isAlive(pool.paths.sessions, transaction.removing);
      if (!bringsBack || isRemoverAlive) {
        throw new KrStorageError("PRECONDITION_FAILED", `${what} is being removed; nothing was changed`, {
          target: what,
          retryable: isRemoverAlive,
        });
      }
      // Its removal was interrupted before anything was removed
      removeTombstone(pool.site.options.path, transaction.pool.uid);
      transaction.setRemoving(null);
    }
    const next = checkedPoolRecord(
      { ...applyPoolChange(transaction.pool, change), revision: transaction.pool.revision + 1 },
      what,
    );
    transaction.savePool(next);
    transaction.audit("update-pool", next, transaction.pool, next);
    return next;
  });
  await refreshMarker(pool, record);
}

/** The marker carries a copy of the record for `repair`. After the commit, so a failure fails nothing. */
export async function refreshMarker(pool: OpenPool, record: PoolRecord): Promise<void> {
  try {
    await writeMarker(pool.paths, record);
  } catch (error) {
    pool.site.env.log.warn(
      `${pool.where}: the copy of the pool's record in its marker is old, fsck --repair will renew it: ${messageOf(error)}`,
    );
  }
}

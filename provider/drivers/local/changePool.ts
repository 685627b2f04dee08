import { KrStorageError, messageOf } from "../../model/errors";
import { applyPoolChange, requireMatch } from "../changes";
import type { Call, Match, PoolChange } from "../driver";
import { checkedPoolRecord } from "../requests";
import { writeMarker } from "./marker";
import type { OpenPool } from "./openPool";
import { isAlive } from "./sessions";
import { removeTombstone } from "./tombstone";
import { readPoolRow } from "./transaction";

/** Changes a pool's record, by compare-and-swap; `retiredAt: undefined` brings a retired pool back. */
export async function changePool(pool: OpenPool, match: Match, change: PoolChange, call: Call): Promise<void> {
  const what = `pool ${pool.where}`;
  const bringsBack = "retiredAt" in change;
  await pool.database.write(() => {
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
  });
  await refreshMarker(pool);
}

/**
 * Writes the copy of the record that the marker carries, for `fsck --repair`. After the commit, so a failure fails nothing. Of several
 * who change the pool at once the last to write the marker need not be the last who committed: each looks whether there is a newer one.
 */
export async function refreshMarker(pool: OpenPool): Promise<void> {
  try {
    for (;;) {
      const { record } = readPoolRow(pool.database, pool.where);
      await writeMarker(pool.paths, record);
      if (readPoolRow(pool.database, pool.where).record.revision === record.revision) return;
    }
  } catch (error) {
    pool.site.env.log.warn(
      `${pool.where}: the copy of the pool's record in its marker is old, fsck --repair will renew it: ${messageOf(error)}`,
    );
  }
}

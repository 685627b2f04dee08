import { applyRecordChange } from "../changes";
import type { Call, Match, RecordChange, StoredObject } from "../driver";
import { checkedRecord } from "../requests";
import type { Entry } from "./entry";
import { healthOf, storedObject } from "./health";
import { requireLive } from "./matching";
import type { OpenPool } from "./openPool";
import { refreshCopy } from "./recordCopy";

/** Changes a record, by compare-and-swap on claim and revision. */
export async function updateObject(
  pool: OpenPool,
  match: Match,
  change: RecordChange,
  call: Call,
): Promise<StoredObject> {
  const updated = await pool.change(call, (transaction): Entry => {
    const entry = requireLive(pool, transaction, match);
    const record = checkedRecord(
      { ...applyRecordChange(entry.record, change), revision: entry.record.revision + 1 },
      `${pool.where}/${entry.name}`,
    );
    const next: Entry = { ...entry, record };
    transaction.save(next);
    transaction.audit("update", next, entry.record, record);
    return next;
  });
  await refreshCopy(pool, updated.uid);
  return storedObject(pool.paths, updated, healthOf(pool.paths, pool.identity, updated));
}

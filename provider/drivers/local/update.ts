import type { Call, Match, RecordChange, StoredObject } from "../driver";
import type { ObjectRecord } from "../record";
import type { Entry } from "./entry";
import { healthOf, storedObject } from "./health";
import { requireLive } from "./matching";
import type { OpenPool } from "./openPool";
import { refreshCopy } from "./recordCopy";
import { checkedRecord } from "./requests";

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
      { ...applyChange(entry.record, change), revision: entry.record.revision + 1 },
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

/** Only the fields of a change are taken, whatever else the object that was passed carries. */
function applyChange(record: ObjectRecord, change: RecordChange): ObjectRecord {
  const { claim, owner, stackId, requested, labels, protection, consumers, holds, settings, policies, consistency } =
    change;
  return {
    ...record,
    ...(claim === undefined ? {} : { claim }),
    ...(owner === undefined ? {} : { owner }),
    ...(stackId === undefined ? {} : { stackId }),
    ...(requested === undefined ? {} : { requested }),
    ...(labels === undefined ? {} : { labels }),
    ...(protection === undefined ? {} : { protection }),
    ...(consumers === undefined ? {} : { consumers }),
    ...(holds === undefined ? {} : { holds }),
    ...(settings === undefined ? {} : { settings }),
    ...(policies === undefined ? {} : { policies }),
    ...(consistency === undefined || record.kind !== "snapshot" ? {} : { consistency }),
  };
}

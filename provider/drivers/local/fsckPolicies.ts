import { join } from "node:path";
import { KrStorageError } from "../../model/errors";
import { formatVersion } from "../record";
import { type Check, report } from "./findings";
import type { OpenPool } from "./openPool";
import { dropPolicyCopy, policyCopies, policyCopyPath, readPolicyCopy, refreshPolicyCopy } from "./policyCopies";
import { insertPolicy, type PolicyRow, policyRow, policyRows, readPolicyRow, savePolicy } from "./policyRows";
import { restorePolicy } from "./rebuildPolicies";
import { readPoolRow } from "./transaction";

/** The rows of policies and the copies of their records: what one has lost, the other may still have. */
export async function checkPolicies(pool: OpenPool, check: Check): Promise<void> {
  // Copies first: one that is written meanwhile has its row when rows are looked up
  const { uids, others } = policyCopies(pool.paths);
  for (const row of policyRows(pool.database)) {
    const read = readPolicyRow(row);
    if ("problem" in read) await checkUnreadable(pool, row, read.problem, check);
    else if (read.record.formatVersion <= formatVersion) await checkCopy(pool, row, check);
  }
  for (const uid of uids) await checkLoneCopy(pool, uid, check);
  for (const name of others)
    await report(
      check,
      join(pool.paths.policies, name),
      "something that KRStorage did not make is among the copies of policies; it is left as it is",
    );
}

async function checkUnreadable(pool: OpenPool, row: PolicyRow, problem: string, check: Check): Promise<void> {
  await report(check, row.uid, `policy ${row.name}: ${problem}`, async () => {
    const restored = restorePolicy(pool.paths, row.uid, readPoolRow(pool.database, pool.where).record);
    if (!("record" in restored))
      throw new KrStorageError("PRECONDITION_FAILED", "lost" in restored ? restored.lost : restored.foreign);
    await pool.change(check.call, (transaction) => {
      if (policyRow(pool.database, row.uid)?.record !== row.record) return; // someone else has mended it
      const revision = Math.max(restored.record.revision, row.revision) + 1;
      const next = { ...restored.record, revision };
      savePolicy(pool.database, next);
      transaction.audit("repair", next, undefined, next);
    });
    await refreshPolicyCopy(pool, row.uid);
  });
}

async function checkCopy(pool: OpenPool, row: PolicyRow, check: Check): Promise<void> {
  const current = policyRow(pool.database, row.uid);
  if (!current) return;
  const copy = readPolicyCopy(pool.paths, row.uid);
  const read = readPolicyRow(current);
  if ("problem" in read || (copy && JSON.stringify(copy) === JSON.stringify(read.record))) return;
  await report(
    check,
    row.uid,
    `policy ${row.name}: the copy of its record is ${copy ? "old" : "missing or cannot be read"}`,
    () => refreshPolicyCopy(pool, row.uid),
  );
}

/** A copy without a row: of a policy that was removed, or of one that a rebuild by an earlier version has not known. */
async function checkLoneCopy(pool: OpenPool, uid: string, check: Check): Promise<void> {
  if (policyRow(pool.database, uid)) return;
  if (wasRemoved(pool, uid)) {
    await report(check, policyCopyPath(pool.paths, uid), "the copy of a policy that was removed is left", () =>
      dropPolicyCopy(pool.paths, uid),
    );
    return;
  }
  const restored = restorePolicy(pool.paths, uid, readPoolRow(pool.database, pool.where).record);
  if (!("record" in restored)) {
    const reason = "lost" in restored ? restored.lost : restored.foreign;
    await report(check, policyCopyPath(pool.paths, uid), `there is no row of policy ${uid}, and ${reason}`);
    return;
  }
  const { record } = restored;
  await report(check, uid, `policy ${record.name}: the copy of its record is there, but its row is not`, async () => {
    await pool.change(check.call, (transaction) => {
      if (policyRow(pool.database, uid) || wasRemoved(pool, uid)) return;
      insertPolicy(pool.database, record);
      transaction.audit("repair", record, undefined, record);
    });
    await refreshPolicyCopy(pool, uid);
  });
}

/** The log is kept with the rows, so it is not there only where these are not either. */
function wasRemoved(pool: OpenPool, uid: string): boolean {
  return (
    pool.database.sql("SELECT 1 FROM audit WHERE uid = ? AND action = 'remove-policy' LIMIT 1").get(uid) !== undefined
  );
}

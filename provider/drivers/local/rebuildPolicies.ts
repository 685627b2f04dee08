import { join } from "node:path";
import type { PolicyRecord, PoolRecord } from "../record";
import type { PoolDatabase } from "./database";
import { type Check, report } from "./findings";
import type { PoolPaths } from "./layout";
import { policyCopies, policyCopyPath, readPolicyCopy } from "./policyCopies";
import { insertLostPolicy, insertPolicy } from "./policyRows";
import type { Transaction } from "./transaction";

/** Puts the policies that have copies into a database that is made anew. One that cannot be read is listed as damaged from then on. */
export async function restorePolicies(
  database: PoolDatabase,
  paths: PoolPaths,
  pool: PoolRecord,
  check: Check,
  begin: () => Transaction,
): Promise<void> {
  for (const uid of policyCopies(paths).uids) {
    const restored = restorePolicy(paths, uid, pool);
    if ("foreign" in restored) {
      await report(check, policyCopyPath(paths, uid), restored.foreign);
      continue;
    }
    await database.write(() => {
      const transaction = begin();
      if ("record" in restored) insertPolicy(database, restored.record);
      else insertLostPolicy(database, uid);
      const name = "record" in restored ? restored.record.name : `lost-${uid}`;
      const after = "record" in restored ? restored.record : undefined;
      transaction.audit("repair", { uid, name }, undefined, after);
    });
    if ("lost" in restored) await report(check, uid, `policy ${uid}: ${restored.lost}; it is listed as damaged`);
    else
      await report(
        check,
        uid,
        `policy ${restored.record.name}: its row was made anew from the copy of its record`,
        () => undefined,
      );
  }
}

/** What can be told of a policy from the copy of its record. */
export function restorePolicy(
  paths: PoolPaths,
  uid: string,
  pool: PoolRecord,
): { record: PolicyRecord } | { lost: string } | { foreign: string } {
  const record = readPolicyCopy(paths, uid);
  if (record?.uid !== uid) return { lost: "the copy of its record cannot be read, or is that of another policy" };
  if (record.poolIdentity !== pool.identity)
    return {
      foreign: `${join(paths.policies, `${uid}.json`)} is of another pool (${record.poolIdentity}); it is left as it is`,
    };
  return { record };
}

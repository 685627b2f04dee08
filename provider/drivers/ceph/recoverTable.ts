import { hasCode } from "../../model/errors";
import type { Finding, PoolRef } from "../driver";
import { type PoolRecord, poolRecord } from "../record";
import { allEntries, objects, poolKey } from "./entry";
import { readSecondCopy, takeName } from "./fsckCopy";
import { identityOf, type Pools } from "./openPool";
import { parseText, type Table } from "./table";

/** A pool whose own record is gone, or cannot be read, and a second copy from which it can be restored. */
export interface Recoverable {
  table: Table;
  record: PoolRecord;
  rows: ReadonlyMap<string, string>;
}

/** Undefined where nothing of ours was ever in the pool, or nothing that belongs to this very pool is left of it. */
export async function findRecoverable(pools: Pools, id: number): Promise<Recoverable | undefined> {
  const table = pools.table(id);
  const isThere = await table.read((transaction) => poolRecord.safeParse(transaction.get(poolKey)).success);
  const rows = isThere ? undefined : await readSecondCopy(table);
  const record = poolRecord.safeParse(parseText(rows?.get(poolKey) ?? "")).data;
  if (!rows || record?.identity !== (await identityOf(pools.site, id))) return undefined;
  return { table, record, rows };
}

/** Restores the records of a pool from their second copy where the pool itself cannot be recognised any more without them. */
export async function recoverTable(pools: Pools, ref: PoolRef, repair: boolean): Promise<Finding[]> {
  const id = await pools.site.cluster.poolId(ref.name);
  const found = id === null ? undefined : await findRecoverable(pools, id).catch(refusedAsNone);
  if (!found || (ref.identity !== undefined && ref.identity !== found.record.identity)) return [];
  const where = `${pools.site.backend}/${ref.name}`;
  const count = [...found.rows.keys()].filter((key) => key.startsWith(objects)).length;
  const message = `its records are lost, or those of the pool itself; their second copy has ${count} objects`;
  if (repair) await restore(found);
  return [{ object: where, message, repaired: repair }];
}

/** Our user may not even look into pools of others. */
export function refusedAsNone(error: unknown): undefined {
  if (!hasCode(error, "PERMISSION_DENIED")) throw error;
}

/** Only what is not there: whatever can still be read was written later than the copy. */
async function restore({ table, rows }: Recoverable): Promise<void> {
  await table.change((transaction) => {
    if (poolRecord.safeParse(transaction.get(poolKey)).success) return;
    for (const [key, text] of rows) if (key === poolKey || !transaction.has(key)) transaction.put(key, text);
    for (const entry of allEntries(transaction)) takeName(transaction, entry);
  });
}

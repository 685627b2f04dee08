import { KrStorageError } from "../../model/errors";
import { type CapacityFacts, shortageOf } from "../capacity";
import type { PoolRecord } from "../record";
import { allEntries, type Entry } from "./entry";
import type { Usage } from "./openPool";
import type { Transaction } from "./table";

/** What an object takes of its pool's room: snapshots share blocks with their volume, clones may come to differ wholly. */
function promisedBytes({ kind, record, growingTo = 0 }: Entry): number {
  return kind === "snapshot" ? 0 : Math.max(record?.sizeBytes ?? 0, growingTo);
}

export function capacityOf(transaction: Transaction, usage: Usage): CapacityFacts {
  return { ...usage, provisionedBytes: allEntries(transaction).reduce((sum, each) => sum + promisedBytes(each), 0) };
}

/** Throws QUOTA_EXCEEDED where so many more bytes cannot be promised. */
export function requireRoom(
  transaction: Transaction,
  pool: PoolRecord,
  usage: Usage,
  wantedBytes: number,
  what: string,
): void {
  if (wantedBytes <= 0) return;
  const shortage = shortageOf(wantedBytes, pool.settings, capacityOf(transaction, usage));
  if (shortage) throw new KrStorageError("QUOTA_EXCEEDED", `${what}: ${shortage}`, { target: what });
}

import { KrStorageError } from "../../model/errors";
import { type PolicyRecord, policyRecord } from "../record";
import type { PoolDatabase } from "./database";
import type { Transaction } from "./transaction";

/** A row of `policies`, as stored. */
export interface PolicyRow {
  uid: string;
  name: string;
  revision: number;
  record: string;
}
const columns = "uid, name, revision, record";

/** All policies of a pool, as stored. */
export function policyRows(database: PoolDatabase): PolicyRow[] {
  if (!database.hasPolicies()) return [];
  return database.sql(`SELECT ${columns} FROM policies ORDER BY uid`).all() as unknown as PolicyRow[];
}

export function policyRow(database: PoolDatabase, uid: string): PolicyRow | undefined {
  if (!database.hasPolicies()) return undefined;
  return database.sql(`SELECT ${columns} FROM policies WHERE uid = ?`).get(uid) as PolicyRow | undefined;
}

/** The policies of a name whose records can be read. */
export function policiesNamed(database: PoolDatabase, name: string): PolicyRecord[] {
  if (!database.hasPolicies()) return [];
  const rows = database.sql("SELECT record FROM policies WHERE name = ?").all(name) as unknown as { record: string }[];
  return rows.flatMap(({ record }) => parsePolicy(record) ?? []);
}

/** Reads a row like any foreign input. What is wrong with it is a sentence. */
export function readPolicyRow(row: PolicyRow): { record: PolicyRecord } | { problem: string } {
  const record = parsePolicy(row.record);
  if (!record) return { problem: "the record of this policy cannot be read; run fsck with repair" };
  if (record.uid !== row.uid || record.name !== row.name || record.revision !== row.revision)
    return {
      problem: "the record of this policy is of another one or another revision than its row; run fsck with repair",
    };
  return { record };
}

export function parsePolicy(text: string): PolicyRecord | undefined {
  try {
    return policyRecord.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** A policy by uid. Throws PRECONDITION_FAILED if its row cannot be read or must not be written by this version. */
export function findPolicy(
  database: PoolDatabase,
  transaction: Transaction,
  uid: string,
  where: string,
): PolicyRecord | undefined {
  const row = policyRow(database, uid);
  if (!row) return undefined;
  const what = `policy ${row.name} in ${where}`;
  const read = readPolicyRow(row);
  if ("problem" in read)
    throw new KrStorageError("PRECONDITION_FAILED", `${what} (uid ${uid}) is damaged: ${read.problem}`, {
      target: where,
    });
  transaction.requireWritable(read.record, what);
  return read.record;
}

export function insertPolicy(database: PoolDatabase, record: PolicyRecord): void {
  database
    .sql(`INSERT INTO policies (${columns}) VALUES (?, ?, ?, ?)`)
    .run(record.uid, record.name, record.revision, JSON.stringify(record));
}

export function savePolicy(database: PoolDatabase, record: PolicyRecord): void {
  database
    .sql("UPDATE policies SET name = ?, revision = ?, record = ? WHERE uid = ?")
    .run(record.name, record.revision, JSON.stringify(record), record.uid);
}

export function deletePolicy(database: PoolDatabase, uid: string): void {
  database.sql("DELETE FROM policies WHERE uid = ?").run(uid);
}

/** A policy of which only the uid is known: a row that cannot be read, so that it is listed as damaged and not forgotten. */
export function insertLostPolicy(database: PoolDatabase, uid: string): void {
  database.sql(`INSERT INTO policies (${columns}) VALUES (?, ?, 0, 'lost')`).run(uid, `lost-${uid}`);
}

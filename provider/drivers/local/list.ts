import { readdirSync } from "node:fs";
import type { DamagedRecord, Listing, StoredObject, StoredPool } from "../driver";
import type { PolicyRecord } from "../record";
import { type Entry, type ObjectRow, readRow, rowColumns } from "./entry";
import { mediumOf } from "./filesystems";
import { healthOf, storedObject } from "./health";
import { treePath } from "./layout";
import type { OpenPool } from "./openPool";
import { type PolicyRow, policyRows, readPolicyRow } from "./policyRows";
import { provisionedIn, readPoolRow } from "./transaction";

/** Everything in a pool: one query, one look at the folder, and one at each disk. */
export async function listPool(pool: OpenPool): Promise<Listing> {
  const { paths, database } = pool;
  await lookAtShares(pool);
  const { rows, row, policies, provisionedBytes } = await database.read(() => ({
    row: readPoolRow(database, pool.where),
    policies: policyRows(database),
    rows: database.sql(`SELECT ${rowColumns} FROM objects`).all() as ObjectRow[],
    provisionedBytes: provisionedIn(database),
  }));
  // After the query: what was published then is there now
  const folders = new Map(
    readdirSync(paths.data, { withFileTypes: true }).map((found) => [found.name, found.isDirectory()]),
  );
  const objects: StoredObject[] = [];
  const damaged: DamagedRecord[] = [];
  const doubtful: string[] = [];
  for (const stored of rows) {
    const entry = readRow(stored);
    if ("problem" in entry) {
      damaged.push({ uid: stored.uid, name: stored.name, problem: entry.problem });
      continue;
    }
    const isFolder = folders.get(entry.uid);
    const health = healthOf(
      paths,
      pool.identity,
      entry,
      isFolder === undefined ? "missing" : isFolder ? "folder" : "other",
    );
    if (health.health === "ready") objects.push(storedObject(paths, entry, health));
    else doubtful.push(entry.uid);
  }
  // Between the query and the look an object may have been rolled back or purged: look at those once more, from their rows
  for (const uid of doubtful) {
    const again = lookAgain(pool, uid);
    if (again) objects.push(again);
  }
  return {
    pool: storedPool(pool, row.record, provisionedBytes),
    objects,
    policies: readPolicies(policies, damaged),
    damaged,
    at: pool.clock.now(row.clock),
  };
}

function readPolicies(rows: PolicyRow[], damaged: DamagedRecord[]): PolicyRecord[] {
  return rows.flatMap((row) => {
    const read = readPolicyRow(row);
    if ("record" in read) return [read.record];
    damaged.push({ uid: row.uid, name: row.name, problem: read.problem });
    return [];
  });
}

function lookAgain(pool: OpenPool, uid: string): StoredObject | undefined {
  const entry = currentEntry(pool, uid);
  return entry && storedObject(pool.paths, entry, healthOf(pool.paths, pool.identity, entry));
}

function currentEntry(pool: OpenPool, uid: string): Entry | undefined {
  const row = pool.database.sql(`SELECT ${rowColumns} FROM objects WHERE uid = ?`).get(uid) as ObjectRow | undefined;
  const entry = row && readRow(row);
  return entry && !("problem" in entry) ? entry : undefined;
}

/** What shares occupy. One made from another counts as if nothing were in it: what it shares with that would count twice. */
export function lookAtShares(pool: OpenPool): Promise<void> {
  return pool.usage.lookAtTrees(() =>
    pool.database
      .sql("SELECT uid FROM objects WHERE kind = 'share' AND source_uid IS NULL AND phase IN ('live', 'trashed')")
      .all()
      .map((row) => treePath(pool.paths, String((row as { uid: string }).uid))),
  );
}

/** A pool's record and room. */
export async function readStoredPool(pool: OpenPool): Promise<StoredPool> {
  await lookAtShares(pool);
  const { row, provisionedBytes } = await pool.database.read(() => ({
    row: readPoolRow(pool.database, pool.where),
    provisionedBytes: provisionedIn(pool.database),
  }));
  return storedPool(pool, row.record, provisionedBytes);
}

function storedPool(pool: OpenPool, record: StoredPool["record"], provisionedBytes: number): StoredPool {
  const medium = mediumOf(pool.paths.root, record.capabilities.copyOnWrite);
  return { record, capacity: pool.usage.measured(provisionedBytes), ...(medium === undefined ? {} : { medium }) };
}

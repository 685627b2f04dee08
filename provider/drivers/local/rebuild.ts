import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { KrStorageError } from "../../model/errors";
import type { ObjectRecord, PoolRecord } from "../record";
import { isUid } from "../requests";
import { carrierFound } from "./carrier";
import { makeDatabase } from "./createPool";
import { PoolDatabase } from "./database";
import type { Entry } from "./entry";
import { type Check, report } from "./findings";
import { roundUp } from "./health";
import { copyName, diskName, type PoolPaths, treeName } from "./layout";
import { PoolClock } from "./poolClock";
import { restorePolicies } from "./rebuildPolicies";
import { readCopy } from "./recordCopy";
import type { Site } from "./site";
import { syncPath } from "./syncRounds";
import { Transaction } from "./transaction";

/** Far enough for "never": what `repair` puts into the trash is ended by a person, not by time. */
export const noExpiry = "9999-12-31T23:59:59.000Z";

/** A row for published data, made from the copy of its record, or for data of which nothing else is known. */
export type Restored = { entry: Entry } | { uid: string; lost: string };

/**
 * Makes a new database from the marker's record and the copies beside the data, in a file of its own, and returns its path. Only one
 * process at a time may do this.
 */
export async function rebuildDatabase(site: Site, pool: PoolPaths, record: PoolRecord, check: Check): Promise<string> {
  const paths = { ...pool, database: join(pool.internal, "rebuilt.db") };
  for (const part of ["", "-wal", "-shm"]) rmSync(`${paths.database}${part}`, { force: true }); // of an interrupted repair
  const where = `${site.backend}/${record.name}`;
  const clock = new PoolClock(site.env.clock);
  await makeDatabase(paths, record, clock, check.call, where);
  const database = PoolDatabase.open(paths.database, where);
  try {
    const found = uidsIn(paths).map((uid) => restore(paths, uid, record));
    const { kept, displaced } = resolveNames(found);
    await database.write(() => {
      const transaction = new Transaction({ database, clock, where, actor: check.call.actor });
      for (const restored of kept) insertRestored(database, transaction, restored, paths);
    });
    await restorePolicies(
      database,
      paths,
      record,
      check,
      () => new Transaction({ database, clock, where, actor: check.call.actor }),
    );
    for (const restored of kept) {
      if ("lost" in restored) await report(check, restored.uid, lostMessage(restored));
      else
        await report(
          check,
          restored.entry.uid,
          `its row was made anew from the copy of its record, as ${restored.entry.name} (${restored.entry.phase})`,
          () => undefined,
        );
    }
    for (const { entry, winner } of displaced) {
      await report(check, entry.uid, displacedMessage(entry.name, winner), () => undefined);
    }
    // Everything into the one file that gets the database's name
    const { busy } = database.sql("PRAGMA wal_checkpoint(TRUNCATE)").get() as { busy: number };
    if (busy !== 0)
      throw new KrStorageError("UNAVAILABLE", `the rebuilt database of ${where} is in use`, { target: where });
  } finally {
    await database.close();
  }
  for (const part of ["-wal", "-shm"]) rmSync(`${paths.database}${part}`, { force: true });
  await syncPath(paths.database);
  return paths.database;
}

/** The uids of all published folders. */
export function uidsIn(paths: PoolPaths): string[] {
  return readdirSync(paths.data, { withFileTypes: true }).flatMap((found) =>
    found.isDirectory() && isUid(found.name) ? [found.name] : [],
  );
}

/** What can be told of published data from the copy of its record. */
export function restore(paths: PoolPaths, uid: string, pool: PoolRecord): Restored {
  const copy = readCopy(`${paths.data}/${uid}/${copyName}`);
  if (!copy) return { uid, lost: "the copy of its record is missing or cannot be read" };
  if (copy.record.uid !== uid)
    return { uid, lost: `the copy of its record is that of another object (${copy.record.uid})` };
  if (copy.record.poolIdentity !== pool.identity)
    return { uid, lost: `it was made in another pool (${copy.record.poolIdentity})` };
  const { record } = copy;
  const counts = record.kind !== "snapshot" || !pool.capabilities.copyOnWrite;
  return {
    entry: {
      uid,
      kind: record.kind,
      name: record.name,
      phase: copy.phase,
      session: null,
      sourceUid: record.sourceUid ?? null,
      provisionedBytes: counts ? roundUp(record.sizeBytes) : 0,
      operation: undefined,
      record,
    },
  };
}

/** Two live objects cannot have one name: the one that was changed more often stays, the other goes to the trash without an end. */
function resolveNames(found: Restored[]): { kept: Restored[]; displaced: { entry: Entry; winner: string }[] } {
  const byName = new Map<string, Entry>();
  const kept: Restored[] = [];
  const displaced: { entry: Entry; winner: string }[] = [];
  for (const restored of found) {
    if ("lost" in restored || restored.entry.phase !== "live") {
      kept.push(restored);
      continue;
    }
    const { entry } = restored;
    const other = byName.get(entry.name);
    const [winner, loser] = other && isNewer(other.record, entry.record) ? [other, entry] : [entry, other];
    byName.set(entry.name, winner);
    if (loser) displaced.push({ entry: loser, winner: winner.uid });
  }
  for (const entry of byName.values()) kept.push({ entry });
  for (const { entry } of displaced) kept.push({ entry: displace(entry) });
  return { kept, displaced };
}

export function isNewer(a: ObjectRecord, b: ObjectRecord): boolean {
  return a.revision === b.revision ? a.createdAt > b.createdAt : a.revision > b.revision;
}

/** An object that had to give its name up. */
export function displace(entry: Entry): Entry {
  const record = {
    ...entry.record,
    trashedAt: entry.record.createdAt,
    expiresAt: noExpiry,
    revision: entry.record.revision + 1,
  };
  return { ...entry, phase: "trashed", record };
}
export function displacedMessage(name: string, winner: string): string {
  return `it claims the name ${name}, which ${winner} has with a newer revision; it is in the trash, without an end, and can be undeleted under another name`;
}
export function lostMessage(restored: { uid: string; lost: string }): string {
  return `its data is there, but ${restored.lost}; it is listed as damaged and its data is kept`;
}

/** Inserts what was restored. Data of which nothing is known gets a row that cannot be read, so that it is listed and kept. */
export function insertRestored(
  database: PoolDatabase,
  transaction: Transaction,
  restored: Restored,
  paths: PoolPaths,
): void {
  if ("entry" in restored) {
    transaction.insert(restored.entry);
    transaction.audit("repair", restored.entry, undefined, restored.entry.record);
    return;
  }
  const name = `lost-${restored.uid}`;
  const disk = lstatSync(`${paths.data}/${restored.uid}/${diskName}`, { throwIfNoEntry: false });
  const kind = carrierFound(paths, restored.uid) === treeName ? "share" : "volume";
  database
    .sql(
      "INSERT INTO objects (uid, kind, name, phase, provisioned, revision, record) VALUES (?, ?, ?, 'trashed', ?, 0, 'lost')",
    )
    .run(restored.uid, kind, name, roundUp(disk?.size ?? 0));
  transaction.audit("repair", { uid: restored.uid, name }, undefined, undefined);
}

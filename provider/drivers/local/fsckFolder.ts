import { lstatSync, renameSync } from "node:fs";
import { KrStorageError } from "../../model/errors";
import type { PoolRef } from "../driver";
import type { PoolRecord } from "../record";
import { makeFolder } from "./createPool";
import { PoolDatabase } from "./database";
import { isDatabaseDamage, sqliteCode } from "./errors";
import { type Check, report } from "./findings";
import type { PoolPaths } from "./layout";
import { whileMaking } from "./making";
import { readMarker, writeMarker } from "./marker";
import { holdsData, type Pools } from "./pools";
import { rebuildDatabase } from "./rebuild";
import { requireSafeRoot } from "./rootRules";
import { requireFolder } from "./safeFiles";
import { isAlive, sessionIds } from "./sessions";
import { syncPath } from "./syncRounds";
import { readPoolRow } from "./transaction";

/**
 * The marker and the database: each can be made anew from the other. False if the pool cannot be opened, so that there is nothing
 * more to check.
 */
export async function checkFolder(pools: Pools, ref: PoolRef, check: Check): Promise<boolean> {
  const paths = pools.paths(ref.name);
  const where = `${pools.site.backend}/${ref.name}`;
  requireSafeRoot(pools.site, paths.root);
  if (!lstatSync(paths.internal, { throwIfNoEntry: false }) && !holdsData(paths)) {
    pools.require(ref); // says that the pool is not there
    return false;
  }
  requireFolder(paths.internal);
  requireFolder(paths.data);
  await checkFolders(paths, check);
  const marker = markerOrProblem(paths, where);
  const database = databaseOrProblem(paths, where);
  const identity =
    "identity" in marker ? marker.identity : "record" in database ? database.record?.identity : undefined;
  if (ref.identity !== undefined && identity !== undefined && identity !== ref.identity) pools.require(ref); // throws, naming both
  if ("problem" in marker && "problem" in database) {
    if (marker.isMissing && database.isMissing && !holdsData(paths)) pools.require(ref);
    await report(
      check,
      paths.marker,
      `${marker.problem}, and ${database.problem}: nothing says which pool this is. Its disks are untouched in ${paths.data}`,
    );
    return false;
  }
  if ("problem" in marker)
    return restoreMarker(pools, paths, marker.problem, "record" in database ? database.record : undefined, check);
  if ("problem" in database) return restoreDatabase(pools, ref, paths, database.problem, marker.record, check);
  return true;
}

async function checkFolders(paths: PoolPaths, check: Check): Promise<void> {
  for (const [path, mode] of [
    [paths.staging, 0o700],
    [paths.sessions, 0o700],
    [paths.volumes, 0o711],
  ] as const) {
    if (!lstatSync(path, { throwIfNoEntry: false }))
      await report(check, path, `folder ${path} is missing`, () => makeFolder(path, mode));
  }
}

function markerOrProblem(
  paths: PoolPaths,
  where: string,
): { identity: string; record: PoolRecord | undefined } | { problem: string; isMissing: boolean } {
  try {
    return readMarker(paths, where) ?? { problem: `the marker ${paths.marker} is missing`, isMissing: true };
  } catch (error) {
    if (!KrStorageError.isInstance(error)) throw error;
    return { problem: `the marker ${paths.marker} cannot be read`, isMissing: false };
  }
}

function databaseOrProblem(
  paths: PoolPaths,
  where: string,
): { record: PoolRecord | undefined } | { problem: string; isMissing: boolean } {
  if (!lstatSync(paths.database, { throwIfNoEntry: false }))
    return { problem: `the database ${paths.database} is missing`, isMissing: true };
  let database: PoolDatabase | undefined;
  try {
    database = PoolDatabase.open(paths.database, where);
    const result = database.sql("PRAGMA quick_check(1)").get() as { quick_check: string };
    if (result.quick_check !== "ok")
      return { problem: `the database ${paths.database} is damaged (${result.quick_check})`, isMissing: false };
    return { record: poolRecordOf(database, where) };
  } catch (error) {
    const isEmpty = KrStorageError.isInstance(error) && PoolDatabase.isEmpty(paths.database);
    if (!isDatabaseDamage(error) && !isEmpty && sqliteCode(error) !== 1) throw error;
    return { problem: `the database ${paths.database} is damaged`, isMissing: false };
  } finally {
    void database?.close();
  }
}

function poolRecordOf(database: PoolDatabase, where: string): PoolRecord | undefined {
  try {
    return readPoolRow(database, where).record;
  } catch (error) {
    if (KrStorageError.isInstance(error)) return undefined;
    throw error;
  }
}

async function restoreMarker(
  pools: Pools,
  paths: PoolPaths,
  problem: string,
  record: PoolRecord | undefined,
  check: Check,
): Promise<boolean> {
  if (!record) {
    await report(check, paths.marker, `${problem}, and the pool's own record in the database cannot be read`);
    return false;
  }
  await report(check, paths.marker, problem, async () => {
    await writeMarker(paths, record);
    pools.forget(record.name);
  });
  return check.repair;
}

/** Only while nobody else writes: they would go on writing to the database that was moved aside. */
async function restoreDatabase(
  pools: Pools,
  ref: PoolRef,
  paths: PoolPaths,
  problem: string,
  record: PoolRecord | undefined,
  check: Check,
): Promise<boolean> {
  const where = `${pools.site.backend}/${ref.name}`;
  if (!record) {
    await report(check, paths.database, `${problem}, and the copy of the pool's record in its marker cannot be read`);
    return false;
  }
  let isMended = false;
  await report(check, paths.database, problem, async () => {
    pools.forget(ref.name);
    await whileMaking(paths, check.call.signal, where, async () => {
      const writers = sessionIds(paths.sessions).filter((id) => isAlive(paths.sessions, id));
      if (writers.length > 0) {
        throw new KrStorageError(
          "IN_USE",
          `${writers.length} other process(es) work on pool ${where}; end them first`,
          { target: where },
        );
      }
      const now = databaseOrProblem(paths, where);
      isMended = "record" in now && now.record !== undefined;
      if (isMended) return; // by another process, just now
      // Complete before it has its name: a database with the pool's record and without its objects would pass for an empty pool
      const built = await rebuildDatabase(pools.site, paths, record, check);
      moveAside(paths);
      renameSync(built, paths.database);
      await syncPath(paths.internal);
      isMended = true;
    });
  });
  return isMended;
}

/** A damaged database is kept: someone may still read from it what the copies do not have. */
function moveAside(paths: PoolPaths): void {
  let number = 1;
  while (lstatSync(`${paths.database}.broken-${number}`, { throwIfNoEntry: false })) number += 1;
  for (const part of ["", "-wal", "-shm"]) {
    if (lstatSync(`${paths.database}${part}`, { throwIfNoEntry: false }))
      renameSync(`${paths.database}${part}`, `${paths.database}.broken-${number}${part}`);
  }
}

import { lstatSync, readdirSync, readlinkSync, rmdirSync, rmSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasCode, KrStorageError } from "../../model/errors";
import { requireMatch } from "../changes";
import type { Call, Match, PoolRef } from "../driver";
import type { PoolRecord } from "../record";
import { isUid } from "../requests";
import { refreshMarker } from "./changePool";
import { deleteFirst } from "./deleteFirst";
import { systemCode } from "./errors";
import type { PoolPaths } from "./layout";
import { whileMaking } from "./making";
import { readMarker } from "./marker";
import type { OpenPool } from "./openPool";
import type { Pools } from "./pools";
import { isAlive } from "./sessions";
import { syncPath } from "./syncRounds";
import { hasTombstone, writeTombstone } from "./tombstone";
import { removeStaging } from "./treeTools";

type Removal = { do: "remove"; record: PoolRecord; now: string } | { do: "retire" };

/** Removes an empty pool, and the policies that had targets in it; retires one that holds only trash. */
export async function removePool(
  pools: Pools,
  ref: PoolRef,
  match: Match,
  call: Call,
): Promise<"removed" | "retired" | "gone"> {
  const pool = findOrGone(pools, ref, match);
  if (!pool) return "gone";
  const decision = await pool.use(async () => {
    const decided = await decide(pool, match, call);
    if (decided.do === "retire") await refreshMarker(pool);
    return decided;
  });
  if (decision.do === "retire") return "retired";
  await takeAway(pools, pool, decision.record, decision.now, call);
  return "removed";
}

/** After a purge: a retired pool whose trash has ended goes as well. */
export async function removeIfRetired(pools: Pools, pool: OpenPool, call: Call): Promise<void> {
  const record = await pool.database.write((): { record: PoolRecord; now: string } | undefined => {
    const transaction = pool.transaction(call);
    if (transaction.pool.retiredAt === undefined || transaction.removing !== null || isOccupied(pool)) return undefined;
    transaction.setRemoving(pool.session().id);
    transaction.audit("remove-pool", transaction.pool, transaction.pool, undefined);
    return { record: transaction.pool, now: transaction.now };
  });
  if (record) await takeAway(pools, pool, record.record, record.now, call);
}

/** Undefined if the pool is proven to be gone. Throws UNAVAILABLE if it only is not there: its disk may not be mounted. */
function findOrGone(pools: Pools, ref: PoolRef, match: Match): OpenPool | undefined {
  try {
    return pools.require(ref);
  } catch (error) {
    // Absent, or another pool of that name since
    const isElsewhere = hasCode(error, "UNAVAILABLE", "PRECONDITION_FAILED") && !isPoolHere(pools, ref, match);
    if (!isElsewhere || !isUid(match.uid) || !hasTombstone(pools.site.options.path, match.uid)) throw error;
    return undefined;
  }
}

function isPoolHere(pools: Pools, ref: PoolRef, match: Match): boolean {
  const record = readMarker(pools.paths(ref.name), ref.name)?.record;
  return record?.uid === match.uid;
}

function isOccupied(pool: OpenPool): boolean {
  return pool.database.sql("SELECT 1 FROM objects LIMIT 1").get() !== undefined;
}

function decide(pool: OpenPool, match: Match, call: Call): Promise<Removal> {
  const what = `pool ${pool.where}`;
  return pool.database.write((): Removal => {
    const transaction = pool.transaction(call);
    transaction.requireWritable(transaction.pool, what);
    requireMatch(transaction.pool, match, what);
    if (
      transaction.removing !== null &&
      transaction.removing !== pool.sessionId &&
      isAlive(pool.paths.sessions, transaction.removing)
    ) {
      throw new KrStorageError(
        "IN_USE",
        `${what} is just being removed by another process; try again when that has ended`,
        {
          target: what,
          retryable: true,
        },
      );
    }
    const live = pool.database
      .sql("SELECT name FROM objects WHERE phase IN ('live', 'creating') ORDER BY name LIMIT 6")
      .all() as { name: string }[];
    if (live.length > 0) {
      const names = live.slice(0, 5).map((row) => row.name);
      throw new KrStorageError(
        "IN_USE",
        `${what} cannot be removed: it holds ${names.join(", ")}${live.length > 5 ? " and more" : ""}; ${deleteFirst(pool.where, names)}`,
        { target: what },
      );
    }
    if (!isOccupied(pool)) {
      transaction.setRemoving(pool.session().id);
      transaction.audit("remove-pool", transaction.pool, transaction.pool, undefined);
      return { do: "remove", record: transaction.pool, now: transaction.now };
    }
    if (transaction.pool.retiredAt !== undefined) return { do: "retire" };
    const retired: PoolRecord = {
      ...transaction.pool,
      retiredAt: transaction.now,
      revision: transaction.pool.revision + 1,
    };
    transaction.savePool(retired);
    transaction.audit("retire-pool", retired, transaction.pool, retired);
    return { do: "retire" };
  });
}

/** From here on nothing writes to the pool. The marker goes first: without it there is no pool, whatever else is left. */
async function takeAway(pools: Pools, pool: OpenPool, record: PoolRecord, now: string, call: Call): Promise<void> {
  const { paths } = pool;
  const steady = new AbortController().signal;
  await whileMaking(paths, steady, pool.where, async () => {
    await writeTombstone(pool.site.options.path, record, now);
    rmSync(paths.marker, { force: true });
    await syncPath(paths.internal);
    pools.forget(pool.name);
    await removeFiles(paths);
  });
  pool.site.env.log.info(`pool ${pool.where} was removed by ${call.actor.by}`);
}

/** Removes what `createPool` made. What is not ours stays, and the folders with it. */
async function removeFiles(paths: PoolPaths): Promise<void> {
  for (const path of [`${paths.database}-wal`, `${paths.database}-shm`, paths.database]) rmSync(path, { force: true });
  for (const folder of [paths.sessions, paths.policies]) rmSync(folder, { recursive: true, force: true });
  await removeStaging(paths.staging);
  removeLinks(paths.volumes);
  for (const folder of [paths.volumes, paths.data]) removeEmpty(folder);
  rmSync(paths.making, { force: true });
  removeEmpty(paths.internal);
  removeEmpty(paths.root);
  await syncPath(dirname(paths.root));
}

function removeLinks(folder: string): void {
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (lstatSync(path).isSymbolicLink() && readlinkSync(path).startsWith("../data/")) unlinkSync(path);
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    // Somebody else's files are in it, or it is a mount point: it stays
    if (!["ENOTEMPTY", "EEXIST", "ENOENT", "EBUSY", "EACCES", "EPERM"].includes(systemCode(error) ?? "")) throw error;
  }
}

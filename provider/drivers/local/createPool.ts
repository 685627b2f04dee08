import { randomUUID } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { KrStorageError } from "../../model/errors";
import type { Call, NewPool } from "../driver";
import { formatVersion, type PoolRecord } from "../record";
import { checkedPoolRecord, isUid } from "../requests";
import { localCapabilities } from "./capabilities";
import { canShareBlocks } from "./copyDisk";
import { PoolDatabase } from "./database";
import { systemCode, throwIfCancelled } from "./errors";
import type { PoolPaths } from "./layout";
import { whileMaking } from "./making";
import { writeMarker } from "./marker";
import { PoolClock } from "./poolClock";
import { holdsData } from "./pools";
import { nearestExisting, requireSafeRoot } from "./rootRules";
import { requireFolder } from "./safeFiles";
import type { Site } from "./site";
import { syncPath } from "./syncRounds";
import { Transaction } from "./transaction";
import { removeStaging } from "./treeTools";

/** What may be in a folder that a pool is made in: what an interrupted making left, and what mkfs puts into every file system. */
const ownNames = new Set([".krstorage", "data", "volumes", "lost+found"]);

/**
 * Makes a pool. The marker is written last: until it is there, no pool is, and whoever makes one of that name begins anew.
 * Throws ALREADY_EXISTS where a pool or somebody else's files are; then nothing was created.
 */
export async function createPool(site: Site, paths: PoolPaths, pool: NewPool, call: Call): Promise<void> {
  const where = `${site.backend}/${pool.name}`;
  if (!isUid(pool.uid)) {
    throw new KrStorageError("INVALID_ARGUMENT", `pool ${where} cannot be made: a uid is 32 hexadecimal digits`, {
      target: where,
      issues: [{ path: "uid", message: "a uid is 32 hexadecimal digits" }],
    });
  }
  requireSafeRoot(site, paths.root);
  requireOnlyOwn(paths, where);
  // The record is checked before anything is made of it
  const clock = new PoolClock(site.env.clock);
  const record = checkedPoolRecord(newRecord(pool, call, new Date(clock.now(clock.first())).toISOString()), where);
  throwIfCancelled(call.signal, "making", where);
  for (;;) {
    await makeFolders(paths);
    const isMade = await whileMaking(paths, call.signal, where, async () => {
      requireOnlyOwn(paths, where);
      await fill(site, paths, record, clock, call);
      return true;
    });
    if (isMade) return;
  }
}

function newRecord(pool: NewPool, call: Call, now: string): PoolRecord {
  return {
    formatVersion,
    kind: "pool",
    uid: pool.uid,
    claim: pool.claim,
    name: pool.name,
    owner: pool.owner,
    ...(pool.stackId === undefined ? {} : { stackId: pool.stackId }),
    createdBy: call.actor.by,
    createdAt: now,
    requested: pool.requested,
    labels: pool.labels,
    revision: 1,
    identity: randomUUID(),
    capabilities: localCapabilities(false),
    settings: pool.settings,
  };
}

/** Throws ALREADY_EXISTS unless the folder is absent, empty, or holds what an interrupted making left. */
export function requireOnlyOwn(paths: PoolPaths, where: string): void {
  if (lstatSync(paths.marker, { throwIfNoEntry: false })) {
    throw new KrStorageError("ALREADY_EXISTS", `pool ${where} exists already (${paths.root})`, { target: where });
  }
  const foreign = readdirOrNone(paths.root).filter((name) => !ownNames.has(name));
  if (foreign.length > 0) {
    throw new KrStorageError(
      "ALREADY_EXISTS",
      `pool ${where} cannot be made: ${paths.root} holds files that are not KRStorage's (${foreign.slice(0, 3).join(", ")}); use an empty folder`,
      {
        target: where,
      },
    );
  }
  if (holdsData(paths)) {
    throw new KrStorageError(
      "ALREADY_EXISTS",
      `pool ${where} cannot be made: ${paths.root} holds the data of a pool that has lost its marker; run \`krstorage fsck --repair\` on this pool`,
      {
        target: where,
      },
    );
  }
}

async function makeFolders(paths: PoolPaths): Promise<void> {
  const existing = nearestExisting(paths.root);
  mkdirSync(dirname(paths.root), { recursive: true, mode: 0o711 });
  makeFolder(paths.root, 0o711);
  // Every folder that was made is listed in the one above it, up to the one that was there
  for (let folder = paths.root; folder !== existing && folder !== dirname(folder); folder = dirname(folder))
    await syncPath(dirname(folder));
  makeFolder(paths.internal, 0o700);
}

async function fill(site: Site, paths: PoolPaths, record: PoolRecord, clock: PoolClock, call: Call): Promise<void> {
  const where = `${site.backend}/${record.name}`;
  for (const leftover of [paths.database, `${paths.database}-wal`, `${paths.database}-shm`])
    rmSync(leftover, { force: true });
  for (const leftover of [paths.sessions, paths.policies]) rmSync(leftover, { recursive: true, force: true });
  await removeStaging(paths.staging);
  makeFolder(paths.staging, 0o700);
  makeFolder(paths.sessions, 0o700);
  makeFolder(paths.policies, 0o700);
  makeFolder(paths.data, 0o711);
  makeFolder(paths.volumes, 0o711);
  const sharesBlocks = await canShareBlocks(paths.staging, call.signal);
  throwIfCancelled(call.signal, "making", where);
  const made: PoolRecord = { ...record, capabilities: localCapabilities(sharesBlocks) };
  await makeDatabase(paths, made, clock, call, where);
  for (const folder of [paths.sessions, paths.policies, paths.staging, paths.data, paths.volumes, paths.root])
    await syncPath(folder);
  await writeMarker(paths, made);
}

/** A database that holds nothing but the pool's own record. */
export async function makeDatabase(
  paths: PoolPaths,
  record: PoolRecord,
  clock: PoolClock,
  call: Call,
  where: string,
): Promise<void> {
  const database = PoolDatabase.make(paths.database, where);
  try {
    chmodSync(paths.database, 0o600);
    await database.write(() => {
      database
        .sql("INSERT INTO pool (id, identity, record, clock) VALUES (1, ?, ?, ?)")
        .run(record.identity, JSON.stringify(record), JSON.stringify(clock.first()));
      new Transaction({ database, clock, where, actor: call.actor }).audit("create-pool", record, undefined, record);
    });
  } finally {
    await database.close();
  }
  await syncPath(paths.database);
  await syncPath(paths.internal);
}

/** Makes a folder, or makes sure that the one that is there is ours. The mode is set apart, since the umask may take from it. */
export function makeFolder(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    requireFolder(path);
  }
  chmodSync(path, mode);
}

function readdirOrNone(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

import { lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../model/errors";
import type { PolicyRecord } from "../record";
import { isUid } from "../requests";
import { makeFolder } from "./createPool";
import { replaceDurably } from "./durableFile";
import type { PoolPaths } from "./layout";
import type { OpenPool } from "./openPool";
import { parsePolicy, policyRow } from "./policyRows";
import { syncPath } from "./syncRounds";

// A copy of the record of each policy beside the database, from which that can be rebuilt. It is written after its row and removed
// before it, so that a policy that was removed is not brought back by a rebuild.

export function policyCopyPath(paths: PoolPaths, uid: string): string {
  return join(paths.policies, `${uid}.json`);
}

/** The uids that have copies, and the names of what else is among them. */
export function policyCopies(paths: PoolPaths): { uids: string[]; others: string[] } {
  if (!lstatSync(paths.policies, { throwIfNoEntry: false })?.isDirectory()) return { uids: [], others: [] };
  const uids: string[] = [];
  const others: string[] = [];
  for (const name of readdirSync(paths.policies).sort()) {
    const uid = /^([a-f0-9]{32})\.json$/.exec(name)?.[1];
    if (uid === undefined) others.push(name);
    else uids.push(uid);
  }
  return { uids, others };
}

/** Reads a copy; undefined if it is missing or cannot be read. */
export function readPolicyCopy(paths: PoolPaths, uid: string): PolicyRecord | undefined {
  try {
    const path = policyCopyPath(paths, uid);
    return lstatSync(path).isFile() ? parsePolicy(readFileSync(path, "utf8")) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Brings the copy of a policy up to its row, or removes it where there is no row. Called after a commit, so a failure fails nothing:
 * fsck finds a stale copy. Calls may overtake each other, so each looks again after writing, and the last one sees what is newest.
 */
export async function refreshPolicyCopy(pool: OpenPool, uid: string): Promise<void> {
  try {
    let text = textOf(pool, uid);
    for (;;) {
      if (text === undefined) await dropPolicyCopy(pool.paths, uid);
      else await replaceCopy(pool, uid, text);
      const now = textOf(pool, uid);
      if (now === text) return;
      text = now;
    }
  } catch (error) {
    pool.site.env.log.warn(
      `${pool.where}: the copy of policy ${uid} could not be written, fsck --repair will do it: ${messageOf(error)}`,
    );
  }
}

/** What the copy of a policy should say; undefined where there should be none. */
export function textOf(pool: OpenPool, uid: string): string | undefined {
  const row = policyRow(pool.database, uid);
  return row && `${row.record}\n`;
}

/** Removes a copy, durably. */
export async function dropPolicyCopy(paths: PoolPaths, uid: string): Promise<void> {
  const path = policyCopyPath(paths, uid);
  if (!isUid(uid) || !lstatSync(path, { throwIfNoEntry: false })) return;
  rmSync(path, { force: true });
  await syncPath(paths.policies);
}

async function replaceCopy(pool: OpenPool, uid: string, text: string): Promise<void> {
  const { paths } = pool;
  if (!lstatSync(paths.policies, { throwIfNoEntry: false })) {
    makeFolder(paths.policies, 0o700);
    await syncPath(paths.internal);
  }
  await replaceDurably(pool, policyCopyPath(paths, uid), text);
}

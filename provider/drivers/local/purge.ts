import { lstatSync, renameSync } from "node:fs";
import { KrStorageError } from "../../model/errors";
import type { Call, Purge } from "../driver";
import type { Entry } from "./entry";
import { toKrStorageError } from "./errors";
import { requireUnused } from "./holders";
import { whenIdle } from "./idle";
import { objectFolder, stagedFolder } from "./layout";
import { dropLink } from "./links";
import type { OpenPool } from "./openPool";
import type { Transaction } from "./transaction";
import { removeFolder } from "./treeTools";
import { Turn } from "./turns";
import { requireNotRegistered } from "./uses";

/** Removes trashed data for good: the row says so first, then the data leaves its place, then it is deleted, then the row. */
export async function purgeObject(pool: OpenPool, request: Purge, call: Call): Promise<boolean> {
  const turn = new Turn(pool, request.uid);
  try {
    const found = await pool.change(call, (transaction) => checkPurge(pool, transaction, request));
    if (!found) return false;
    await requireUnused(pool.paths, request.uid, `${pool.where}/${found.name}`, "purged");
    const purging = await whenIdle(pool, call, request.uid, "purged", (transaction) => {
      const entry = checkPurge(pool, transaction, request);
      if (!entry) return undefined;
      const next: Entry = { ...entry, phase: "purging", session: turn.claim() };
      transaction.save(next);
      if (entry.phase !== "purging") transaction.audit("purge", next, entry.record, undefined);
      return next;
    });
    if (!purging) return true; // another call, or the recovery of a dead one, has ended it just now
    try {
      await finishPurge(pool, call, purging);
    } catch (error) {
      throw toKrStorageError(error, "purging", `${pool.where}/${purging.name}`, { outcome: "partial" });
    }
    return true;
  } finally {
    await turn.release();
  }
}

function checkPurge(pool: OpenPool, transaction: Transaction, request: Purge): Entry | undefined {
  const entry = transaction.find(request.uid);
  if (!entry) return undefined;
  const what = `${pool.where}/${entry.name}`;
  if (entry.phase === "purging") return entry;
  if (entry.phase !== "trashed") {
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `${what} (uid ${entry.uid}) is not in the trash, and only trash is purged; delete it first`,
      { target: what },
    );
  }
  requireNotRegistered(entry, what, "purged");
  if (request.allowDataLoss === entry.uid) return entry;
  const { expiresAt } = entry.record;
  if (expiresAt === undefined || !(Date.parse(expiresAt) <= transaction.expiryMs)) {
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `${what} (uid ${entry.uid}) is kept in the trash until ${expiresAt ?? "someone decides"}; to end its data now, allow it for this very uid`,
      { target: what },
    );
  }
  return entry;
}

/** Does what is left to do, as often as it is called. */
export async function finishPurge(pool: OpenPool, call: Call, entry: Entry): Promise<void> {
  const from = objectFolder(pool.paths, entry.uid);
  const to = stagedFolder(pool.paths, entry.uid);
  if (lstatSync(from, { throwIfNoEntry: false })) {
    await removeFolder(to); // what an unfinished rollback left would be in the way
    renameSync(from, to);
    await Promise.all([pool.sync.folder(pool.paths.data), pool.sync.folder(pool.paths.staging)]);
  }
  await removeFolder(to);
  pool.usage.forget();
  await pool.database.write(() => {
    const transaction = pool.transaction(call);
    transaction.remove(entry.uid);
    transaction.audit("purged", entry, undefined, undefined);
  });
  dropLink(pool, entry.name, entry.uid);
}

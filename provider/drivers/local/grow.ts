import { ftruncateSync } from "node:fs";
import { KrStorageError } from "../../model/errors";
import { formatBytes } from "../../model/quantity";
import type { Call, Match, StoredObject } from "../driver";
import { sizeProblem } from "../requests";
import type { Entry } from "./entry";
import { toKrStorageError } from "./errors";
import { healthOf, roundUp, storedObject } from "./health";
import { whenIdle } from "./idle";
import { diskPath } from "./layout";
import { lookAtShares } from "./list";
import { requireHealthy, requireLive } from "./matching";
import type { OpenPool } from "./openPool";
import { refreshCopy } from "./recordCopy";
import { requireRoom } from "./room";
import { closeFile, openDisk } from "./safeFiles";
import { syncDescriptor } from "./syncRounds";
import type { Transaction } from "./transaction";
import { Turn } from "./turns";

/** Raises the size of a volume or share in place. Of a share it is only what is promised, so only the record changes. The room is reserved before the file grows; a file that is larger already stays so. */
export async function growObject(pool: OpenPool, match: Match, sizeBytes: number, call: Call): Promise<StoredObject> {
  const turn = new Turn(pool, match.uid);
  try {
    await lookAtShares(pool);
    const begun = await whenIdle(pool, call, match.uid, "grown", (transaction): { entry: Entry; isDone: boolean } => {
      const entry = requireLive(pool, transaction, match);
      const what = `${pool.where}/${entry.name}`;
      requireGrowable(entry, sizeBytes, what);
      requireHealthy(pool, entry);
      if (sizeBytes === entry.record.sizeBytes) return { entry, isDone: true };
      requireRoom(transaction, pool.usage, Math.max(0, roundUp(sizeBytes) - entry.provisionedBytes), what, pool.where);
      if (entry.kind === "share") return { entry: promise(transaction, entry, sizeBytes), isDone: true };
      const growing: Entry = {
        ...entry,
        session: turn.claim(),
        provisionedBytes: Math.max(entry.provisionedBytes, roundUp(sizeBytes)),
        operation: { type: "grow", toBytes: sizeBytes },
      };
      transaction.save(growing);
      return { entry: growing, isDone: false };
    });
    const { entry } = begun;
    if (begun.isDone) await refreshCopy(pool, entry.uid);
    if (begun.isDone) return storedObject(pool.paths, entry, healthOf(pool.paths, pool.identity, entry));
    return await finishGrow(pool, call, entry);
  } finally {
    await turn.release();
  }
}

function promise(transaction: Transaction, entry: Entry, sizeBytes: number): Entry {
  const { record } = entry;
  const provisionedBytes = Math.max(entry.provisionedBytes, roundUp(sizeBytes));
  const next: Entry = { ...entry, provisionedBytes, record: { ...record, sizeBytes, revision: record.revision + 1 } };
  transaction.save(next);
  transaction.audit("grow", next, record, next.record);
  return next;
}

function requireGrowable(entry: Entry, sizeBytes: number, what: string): void {
  const problem = sizeProblem(sizeBytes);
  if (problem)
    throw new KrStorageError("INVALID_ARGUMENT", `${what} cannot be grown: ${problem}`, {
      target: what,
      issues: [{ path: "sizeBytes", message: problem }],
    });
  if (entry.kind === "snapshot")
    throw new KrStorageError("INVALID_ARGUMENT", `${what} is a snapshot; snapshots do not change`, { target: what });
  if (sizeBytes < entry.record.sizeBytes) {
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `${what} has ${formatBytes(entry.record.sizeBytes)} and is never shrunk to ${formatBytes(sizeBytes)}; make a smaller one and copy what it should hold`,
      { target: what },
    );
  }
}

/** Does what the operation on the row says, as often as it is called. */
export async function finishGrow(pool: OpenPool, call: Call, entry: Entry): Promise<StoredObject> {
  if (entry.operation?.type !== "grow")
    throw new KrStorageError("INTERNAL", `${pool.where}/${entry.name} is not being grown`, { target: pool.where });
  const { toBytes } = entry.operation;
  const what = `${pool.where}/${entry.name}`;
  // While the operation stands on the row, whoever comes next finishes it
  const mayFollow = (error: unknown) => toKrStorageError(error, "growing", what, { outcome: "unknown" });
  try {
    await growFile(diskPath(pool.paths, entry.uid), roundUp(toBytes));
  } catch (error) {
    // The file system may never hold so much: an operation that cannot be finished must not block the volume for ever
    await undo(pool, call, entry).catch((cause: unknown) => {
      throw mayFollow(cause);
    });
    throw toKrStorageError(error, "growing", what);
  }
  const grown = await record(pool, call, entry, toBytes).catch((error: unknown) => {
    throw mayFollow(error);
  });
  await refreshCopy(pool, grown.uid);
  return storedObject(pool.paths, grown, healthOf(pool.paths, pool.identity, grown));
}

/** Only ever makes a file larger. */
async function growFile(path: string, sizeBytes: number): Promise<void> {
  const { descriptor, stats } = openDisk(path, "write");
  try {
    if (stats.size < sizeBytes) ftruncateSync(descriptor, sizeBytes);
    await syncDescriptor(descriptor);
  } finally {
    closeFile(descriptor);
  }
}

async function undo(pool: OpenPool, call: Call, entry: Entry): Promise<void> {
  await pool.database.write(() => {
    const transaction = pool.transaction(call);
    const current = transaction.find(entry.uid) ?? entry;
    transaction.save({
      ...current,
      session: null,
      operation: undefined,
      provisionedBytes: roundUp(current.record.sizeBytes),
    });
  });
}

async function record(pool: OpenPool, call: Call, entry: Entry, toBytes: number): Promise<Entry> {
  return pool.database.write(() => {
    const transaction = pool.transaction(call);
    const current = transaction.find(entry.uid) ?? entry;
    const before = current.record;
    const next: Entry = {
      ...current,
      session: null,
      operation: undefined,
      record: { ...before, sizeBytes: Math.max(before.sizeBytes, toBytes), revision: before.revision + 1 },
    };
    transaction.save(next);
    transaction.audit("grow", next, before, next.record);
    return next;
  });
}

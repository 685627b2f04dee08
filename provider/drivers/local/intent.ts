import { KrStorageError } from "../../model/errors";
import type { PoolCapabilities } from "../../model/pool";
import { exactBytes } from "../../model/quantity";
import type { Call, Holder, NewObject } from "../driver";
import { formatVersion, type ObjectRecord } from "../record";
import { checkedRecord } from "../requests";
import { isTree } from "./carrier";
import type { Entry } from "./entry";
import { healthOf, roundUp } from "./health";
import type { OpenPool } from "./openPool";
import { requireRoom } from "./room";
import type { Transaction } from "./transaction";
import type { Turn } from "./turns";

/** A create whose intent is on its row. */
export interface Begun {
  entry: Entry;
  source: Entry | undefined;
}

export function nameTaken(
  pool: OpenPool,
  object: NewObject,
  taken: { uid: string; name: string; phase: string; session: string | null },
): KrStorageError {
  const what = `${pool.where}/${taken.name}`;
  const state =
    taken.phase === "live"
      ? "exists already"
      : taken.phase === "creating"
        ? "is being made by another call"
        : "is in the trash";
  const todo = taken.phase === "trashed" ? "; undelete it, or make the new object under a new uid" : "";
  return new KrStorageError("ALREADY_EXISTS", `${what} (uid ${taken.uid}) ${state}${todo}`, {
    target: `${pool.where}/${object.name}`,
  });
}

export function sourceBusy(pool: OpenPool, name: string): KrStorageError {
  const what = `${pool.where}/${name}`;
  return new KrStorageError(
    "IN_USE",
    `${what} cannot be copied now: another call works on it; try again when that has ended`,
    { target: what, retryable: true },
  );
}

/** Checks everything that a create needs, and writes its intent. Only inside a transaction in which the name is free. */
export function intend(
  pool: OpenPool,
  turn: Turn,
  transaction: Transaction,
  object: NewObject,
  call: Call,
  writers: Holder[],
): Begun {
  const what = `${pool.where}/${object.name}`;
  if (transaction.pool.retiredAt !== undefined) {
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `pool ${pool.where} was deleted at ${transaction.pool.retiredAt} and takes no new objects`,
      { target: pool.where },
    );
  }
  const source =
    object.sourceUid === undefined ? undefined : requireSource(pool, transaction, object, object.sourceUid);
  requireCapable(object, source, transaction.pool.capabilities, what);
  const canCopyInUse = !!source && !isTree(source.record) && transaction.pool.capabilities.onlineSnapshot === "crash";
  if (source && writers.length > 0 && !canCopyInUse) {
    const name = `${pool.where}/${source.name}`;
    throw new KrStorageError("IN_USE", (isTree(source.record) ? tornTree : tornCopy)(name, writers), { target: name });
  }
  const sizeBytes = wantedSize(object, source, what);
  const counts = object.kind !== "snapshot" || !transaction.pool.capabilities.copyOnWrite;
  const provisionedBytes = counts ? roundUp(sizeBytes) : 0;
  requireRoom(transaction, pool.usage, provisionedBytes, what, pool.where);
  const record = newRecord(object, sizeBytes, transaction, call, writers, source);
  const entry: Entry = {
    uid: object.uid,
    kind: object.kind,
    name: object.name,
    phase: "creating",
    session: turn.claim(),
    sourceUid: object.sourceUid ?? null,
    provisionedBytes,
    operation: undefined,
    record: checkedRecord(record, what),
  };
  transaction.insert(entry);
  return { entry, source };
}

function newRecord(
  object: NewObject,
  sizeBytes: number,
  transaction: Transaction,
  call: Call,
  writers: Holder[],
  source: Entry | undefined,
): ObjectRecord {
  return {
    formatVersion,
    kind: object.kind,
    uid: object.uid,
    claim: object.claim,
    name: object.name,
    self: "", // known when its file is
    poolIdentity: transaction.pool.identity,
    owner: object.owner,
    ...(object.stackId === undefined ? {} : { stackId: object.stackId }),
    createdBy: call.actor.by,
    createdAt: transaction.now,
    requested: object.requested,
    labels: object.labels,
    revision: 1,
    sizeBytes,
    ...(object.sourceUid === undefined ? {} : { sourceUid: object.sourceUid }),
    ...(object.kind === "snapshot" && source && isTree(source.record) ? { sourceKind: "share" as const } : {}),
    ...(object.kind === "snapshot"
      ? { consistency: writers.length > 0 ? ("crash" as const) : ("offline" as const) }
      : {}),
    protection: object.protection,
    consumers: [],
    holds: [],
    ...(object.settings === undefined ? {} : { settings: object.settings }),
    // Policies act on what changes; what they took says so
    ...(object.policies === undefined || object.kind === "snapshot" ? {} : { policies: object.policies }),
    ...(object.taken === undefined || object.kind !== "snapshot" ? {} : { taken: object.taken }),
  };
}

function requireSource(pool: OpenPool, transaction: Transaction, object: NewObject, sourceUid: string): Entry {
  const source = transaction.find(sourceUid);
  if (source?.phase !== "live") {
    const hint = source?.phase === "trashed" ? `: ${pool.where}/${source.name} is in the trash; undelete it first` : "";
    throw new KrStorageError(
      "NOT_FOUND",
      `the source of ${pool.where}/${object.name} (uid ${sourceUid}) is not in pool ${pool.where}${hint}`,
      {
        target: `${pool.where}/${object.name}`,
      },
    );
  }
  const what = `${pool.where}/${source.name}`;
  if (object.kind === "snapshot" && source.kind === "snapshot") {
    throw new KrStorageError("INVALID_ARGUMENT", `${what} is a snapshot; snapshots are taken of volumes and shares`, {
      target: what,
    });
  }
  if (object.kind !== "snapshot" && isTree(source.record) !== (object.kind === "share")) {
    const is = `${isTree(source.record) ? "a share" : "a volume"}${source.kind === "snapshot" ? "'s snapshot" : ""}`;
    throw new KrStorageError("INVALID_ARGUMENT", `${what} is ${is}; a ${object.kind} cannot be made from it`, {
      target: what,
    });
  }
  const health = healthOf(pool.paths, pool.identity, source);
  if (health.health !== "ready")
    throw new KrStorageError("PRECONDITION_FAILED", `${what} is ${health.health}: ${health.problem}`, { target: what });
  return source;
}

function requireCapable(
  object: NewObject,
  source: Entry | undefined,
  { shareProtocols = [], shareSnapshot = "none" }: PoolCapabilities,
  what: string,
): void {
  const protocol = object.kind === "share" ? (object.settings?.protocol ?? "directory") : undefined;
  if (protocol !== undefined && !shareProtocols.includes(protocol))
    throw new KrStorageError(
      "UNSUPPORTED",
      `${what} cannot be made: a local pool serves shares by ${shareProtocols.join(", ")}, not ${protocol}`,
      {
        target: what,
      },
    );
  if (source && isTree(source.record) && shareSnapshot === "none")
    throw new KrStorageError(
      "UNSUPPORTED",
      `${what} cannot be made: this file system shares no blocks between files, so a share in it is not copied at one point in time; keep the pool on btrfs or xfs`,
      { target: what },
    );
}

function wantedSize(object: NewObject, source: Entry | undefined, what: string): number {
  const least = source?.record.sizeBytes ?? 0;
  if (object.kind === "snapshot") return least;
  const wanted = object.sizeBytes ?? least;
  if (wanted >= least) return wanted;
  const message = `${exactBytes(wanted)} is less than the ${exactBytes(least)} of its source`;
  throw new KrStorageError("INVALID_ARGUMENT", `${what} cannot be made: ${message}`, {
    target: what,
    issues: [{ path: "sizeBytes", message }],
  });
}

function tornCopy(what: string, writers: Holder[]): string {
  return (
    `${what} cannot be copied: it is open for writing by ${writers.map((holder) => holder.name).join(", ")}, and on this file system the copy of a ` +
    "disk that is being written is torn; stop what uses it, or keep the pool on btrfs or xfs, where a running disk can be copied at one point in time"
  );
}

function tornTree(what: string, writers: Holder[]): string {
  return (
    `${what} cannot be copied: something in it is open for writing by ${writers.map((holder) => holder.name).join(", ")}, and the files of a share are ` +
    "copied one after the other; stop what writes to it"
  );
}

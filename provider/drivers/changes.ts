import { KrStorageError } from "../model/errors";
import type { Match, PolicyChange, PoolChange, RecordChange, StoredObject } from "./driver";
import type { ObjectRecord, PolicyRecord, PoolRecord } from "./record";

/** Throws CONFLICT unless this is the very object, held by that claim, at that revision where one is given. */
export function requireMatch(
  record: { uid: string; claim: string; revision: number },
  match: Match,
  what: string,
): void {
  if (record.uid !== match.uid)
    throw new KrStorageError("CONFLICT", `${what} is another one now (uid ${record.uid}, not ${match.uid})`, {
      target: what,
    });
  if (record.claim !== match.claim)
    throw new KrStorageError(
      "CONFLICT",
      `${what} (uid ${record.uid}) has been taken over by another state; nothing was changed`,
      { target: what },
    );
  if (match.revision !== undefined && record.revision !== match.revision) {
    throw new KrStorageError(
      "CONFLICT",
      `${what} has changed meanwhile (revision ${record.revision}, not ${match.revision}); look again`,
      { target: what },
    );
  }
}

/** Only the fields of a change are taken, whatever else the object that was passed carries. */
export function applyRecordChange(record: ObjectRecord, change: RecordChange): ObjectRecord {
  const { claim, owner, stackId, requested, labels, protection, consumers, holds, settings, policies, consistency } =
    change;
  return {
    ...record,
    ...(claim === undefined ? {} : { claim }),
    ...(owner === undefined ? {} : { owner }),
    ...(stackId === undefined ? {} : { stackId }),
    ...(requested === undefined ? {} : { requested }),
    ...(labels === undefined ? {} : { labels }),
    ...(protection === undefined ? {} : { protection }),
    ...(consumers === undefined ? {} : { consumers }),
    ...(holds === undefined ? {} : { holds }),
    ...(settings === undefined ? {} : { settings }),
    ...(policies === undefined ? {} : { policies }),
    ...(consistency === undefined || record.kind !== "snapshot" ? {} : { consistency }),
  };
}

/** Only the fields of a change are taken, whatever else the object that was passed carries. */
export function applyPolicyChange(record: PolicyRecord, change: PolicyChange): PolicyRecord {
  const { name, claim, owner, stackId, requested, labels, generation, targets, approvedDeletes } = change;
  return {
    ...record,
    ...(name === undefined ? {} : { name }),
    ...(claim === undefined ? {} : { claim }),
    ...(owner === undefined ? {} : { owner }),
    ...(stackId === undefined ? {} : { stackId }),
    ...(requested === undefined ? {} : { requested }),
    ...(labels === undefined ? {} : { labels }),
    ...(generation === undefined ? {} : { generation }),
    ...(targets === undefined ? {} : { targets }),
    ...(approvedDeletes === undefined ? {} : { approvedDeletes }),
  };
}

/** `retiredAt: undefined` brings a retired pool back. */
export function applyPoolChange(record: PoolRecord, change: PoolChange): PoolRecord {
  const { claim, owner, stackId, requested, labels, settings } = change;
  const { retiredAt, ...rest } = record;
  return {
    ...rest,
    ...(retiredAt === undefined || "retiredAt" in change ? {} : { retiredAt }),
    ...(claim === undefined ? {} : { claim }),
    ...(owner === undefined ? {} : { owner }),
    ...(stackId === undefined ? {} : { stackId }),
    ...(requested === undefined ? {} : { requested }),
    ...(labels === undefined ? {} : { labels }),
    ...(settings === undefined ? {} : { settings }),
  };
}

/** The error for a uid that is not live, whatever it is instead. */
export function notLive(pool: string, uid: string, phase: StoredObject["phase"] | undefined): KrStorageError {
  const state =
    phase === "trashed"
      ? "is in the trash; undelete it first"
      : phase === undefined
        ? "is not in the pool"
        : `is not live (${phase})`;
  return new KrStorageError("NOT_FOUND", `the object with uid ${uid} ${state} (pool ${pool})`, { target: pool });
}

/** The error for a second policy of one owner and name. */
export function alreadyOwned({ name, owner, uid }: PolicyRecord, pool: string): KrStorageError {
  return new KrStorageError(
    "ALREADY_EXISTS",
    `policy ${name} of ${owner} is in ${pool} already (uid ${uid}); nothing was changed`,
    { target: pool },
  );
}

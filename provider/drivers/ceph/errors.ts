import { constants } from "node:os";
import { type ErrorCode, KrStorageError, withOutcome } from "../../model/errors";

interface Mapping {
  code: ErrorCode;
  retryable?: boolean;
  outcome?: "unknown";
  todo: string;
}

/** ESHUTDOWN: the cluster has cut this client off, and a new connection is another client. Named here since it is not among Node's own. */
export const cutOff = 108;

const away: Mapping = {
  code: "UNAVAILABLE",
  retryable: true,
  outcome: "unknown",
  todo: "the cluster did not answer in time: look at `ceph status`",
};

/** What an error number of librados and librbd means to a caller, and what can be done about it. */
const meanings: Record<number, Mapping> = {
  [constants.errno.EPERM]: {
    code: "PERMISSION_DENIED",
    todo: "give the cephx user the capabilities that docs/backends/ceph.md lists",
  },
  [constants.errno.EACCES]: {
    code: "PERMISSION_DENIED",
    todo: "give the cephx user the capabilities that docs/backends/ceph.md lists",
  },
  [constants.errno.ENOENT]: { code: "NOT_FOUND", todo: "it is not there any more" },
  [constants.errno.EEXIST]: { code: "ALREADY_EXISTS", todo: "it is there already" },
  [constants.errno.EBUSY]: { code: "IN_USE", todo: "end what uses it first" },
  [constants.errno.EAGAIN]: {
    code: "IN_USE",
    retryable: true,
    todo: "it is just being copied; try again when that has ended",
  },
  [constants.errno.EMLINK]: { code: "QUOTA_EXCEEDED", todo: "a folder bears no more snapshots: delete some" },
  [constants.errno.EOPNOTSUPP]: {
    code: "UNAVAILABLE",
    retryable: true,
    todo: "the cluster's manager does not do this, or not yet: look at `ceph mgr module ls`",
  },
  [constants.errno.ENOTEMPTY]: { code: "IN_USE", todo: "clones or snapshots need it" },
  [constants.errno.ENOSPC]: {
    code: "QUOTA_EXCEEDED",
    todo: "the cluster or its pool is full: add OSDs, raise the quota, or purge trash",
  },
  [constants.errno.EDQUOT]: { code: "QUOTA_EXCEEDED", todo: "the pool's quota is used up: raise it, or purge trash" },
  [constants.errno.ETIMEDOUT]: away,
  [constants.errno.ENOTCONN]: away,
  [constants.errno.EHOSTUNREACH]: away,
  [cutOff]: { ...away, todo: "the cluster had cut this connection off, and the next request makes a new one" },
};

/** An answer of the worker that is an error, as one that callers know. */
export function cephError(
  failure: { number: number | null; text: string; step: string | null; isKeyRefused: boolean },
  what: string,
  target: string,
): KrStorageError {
  const { number, text, step } = failure;
  if (step === "connect") return connectError(failure, target);
  const meaning = meanings[Math.abs(number ?? 0)];
  if (!meaning)
    return new KrStorageError("INTERNAL", `${what} ${target} failed: ${text}`, { target, outcome: "unknown" });
  const { code, todo, retryable = false, outcome = "not-applied" } = meaning;
  return new KrStorageError(code, `${what} ${target} failed: ${todo} (${text})`, { target, retryable, outcome });
}

/** Nothing was changed: the connection never came about. */
function connectError(
  { number, text, isKeyRefused }: { number: number | null; text: string; isKeyRefused: boolean },
  target: string,
): KrStorageError {
  const { EACCES, EPERM, EINVAL } = constants.errno;
  if (isKeyRefused || [EACCES, EPERM, EINVAL].includes(Math.abs(number ?? 0)))
    return new KrStorageError(
      "UNAUTHENTICATED",
      `the cluster of ${target} does not accept this cephx user and key: check user, key and keyring of the backend (${text})`,
      { target },
    );
  return new KrStorageError(
    "UNAVAILABLE",
    `the cluster of ${target} cannot be reached: are its monitors up, and are the backend's monitors and keyring right? (${text})`,
    { target, retryable: true },
  );
}

/** A look at what was just written. Where it fails, what was written stands all the same: the error says that the outcome is not known. */
export async function afterCommit<Result>(look: Promise<Result>): Promise<Result> {
  try {
    return await look;
  } catch (error) {
    throw KrStorageError.isInstance(error) && error.outcome === "not-applied" ? withOutcome(error, "unknown") : error;
  }
}

import { type ErrorCode, type ErrorDetails, KrStorageError, messageOf, withOutcome } from "../../model/errors";

interface Mapping {
  code: ErrorCode;
  retryable?: boolean;
  todo: string;
}

/** What an error of the operating system means to a caller, and what can be done about it. */
const systemErrors: Record<string, Mapping> = {
  ENOSPC: { code: "QUOTA_EXCEEDED", todo: "the disk is full: free space on it, or purge trash" },
  EDQUOT: { code: "QUOTA_EXCEEDED", todo: "the quota of this user is used up: raise it, or purge trash" },
  EFBIG: { code: "INVALID_ARGUMENT", todo: "the file system cannot hold a file of that size" },
  EACCES: { code: "PERMISSION_DENIED", todo: "run as the owner of the pool, or give the folder back to its owner" },
  EPERM: { code: "PERMISSION_DENIED", todo: "run as the owner of the pool, or give the folder back to its owner" },
  EROFS: { code: "PERMISSION_DENIED", todo: "the file system is mounted read-only; look at the kernel's log for why" },
  EIO: { code: "UNAVAILABLE", todo: "the disk reports errors; look at the kernel's log" },
  ENODEV: { code: "UNAVAILABLE", retryable: true, todo: "is the disk mounted?" },
  ENOENT: {
    code: "UNAVAILABLE",
    retryable: true,
    todo: "is the disk mounted, or was the folder removed while this ran?",
  },
  ESTALE: { code: "UNAVAILABLE", retryable: true, todo: "is the disk mounted?" },
  EMFILE: { code: "UNAVAILABLE", retryable: true, todo: "too many open files; raise the limit (ulimit -n)" },
  ENFILE: { code: "UNAVAILABLE", retryable: true, todo: "the machine has too many open files" },
  ENOMEM: { code: "UNAVAILABLE", retryable: true, todo: "the machine is out of memory" },
  ELOOP: { code: "PRECONDITION_FAILED", todo: "a symbolic link stands where a file of the pool belongs; run fsck" },
  ENOTDIR: { code: "PRECONDITION_FAILED", todo: "something else stands where a folder of the pool belongs; run fsck" },
};

/** The primary code of an SQLite error, or undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("errcode" in error) || typeof error.errcode !== "number")
    return undefined;
  // A read beyond the end of the file: the database has been cut off, the disk is fine
  return error.errcode === shortRead ? sqliteCorrupt : error.errcode & 0xff;
}
const shortRead = 522;
const sqliteCorrupt = 11;
export const sqliteBusy = 5;
const sqliteErrors: Record<number, Mapping> = {
  3: { code: "PERMISSION_DENIED", todo: "run as the owner of the pool" },
  5: {
    code: "UNAVAILABLE",
    retryable: true,
    todo: "another process holds the pool's database for very long; try again",
  },
  6: {
    code: "UNAVAILABLE",
    retryable: true,
    todo: "another process holds the pool's database for very long; try again",
  },
  8: { code: "PERMISSION_DENIED", todo: "the pool's database cannot be written; is its disk read-only?" },
  10: { code: "UNAVAILABLE", todo: "the disk reports errors; look at the kernel's log" },
  11: {
    code: "PRECONDITION_FAILED",
    todo: "the pool's database is damaged; run `krstorage fsck --repair` on this pool",
  },
  13: { code: "QUOTA_EXCEEDED", todo: "the disk is full: free space on it, or purge trash" },
  14: { code: "UNAVAILABLE", retryable: true, todo: "the pool's database cannot be opened; is the disk mounted?" },
  26: {
    code: "PRECONDITION_FAILED",
    todo: "the pool's database is damaged; run `krstorage fsck --repair` on this pool",
  },
};
/** Whether the database itself is broken, so that only `repair` helps. */
export function isDatabaseDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === 11 || code === 26;
}

/** The errno name of a system error ("ENOENT"), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error) || typeof error.code !== "string")
    return undefined;
  return error.code;
}

/**
 * Any error as the one error class: `what` failed, on `target`, because, what to do. Errors of ours pass, unless the outcome
 * is no longer the one they were thrown with.
 */
export function toKrStorageError(
  error: unknown,
  what: string,
  target: string,
  details: ErrorDetails = {},
): KrStorageError {
  if (KrStorageError.isInstance(error)) {
    return details.outcome !== undefined && error.outcome === "not-applied"
      ? withOutcome(error, details.outcome)
      : error;
  }
  if (error instanceof Error && error.name === "AbortError") {
    return new KrStorageError("CANCELLED", `${what} ${target} was cancelled`, { target, ...details });
  }
  const sqlite = sqliteCode(error);
  const mapping = sqlite === undefined ? systemErrors[systemCode(error) ?? ""] : sqliteErrors[sqlite];
  const outcome = sqlite === 10 ? { outcome: "unknown" as const } : {};
  if (!mapping) {
    return new KrStorageError("INTERNAL", `${what} ${target} failed: ${messageOf(error)}`, {
      target,
      cause: error,
      outcome: "unknown",
      ...details,
    });
  }
  return new KrStorageError(mapping.code, `${what} ${target} failed: ${mapping.todo} (${messageOf(error)})`, {
    target,
    cause: error,
    retryable: mapping.retryable ?? false,
    ...outcome,
    ...details,
  });
}

/** Throws CANCELLED if the caller has given up. */
export function throwIfCancelled(signal: AbortSignal, what: string, target: string): void {
  if (signal.aborted)
    throw new KrStorageError("CANCELLED", `${what} ${target} was cancelled; nothing was changed`, { target });
}

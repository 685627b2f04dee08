import { randomBytes } from "node:crypto";
import { lstatSync, readdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { KrStorageError } from "../../model/errors";
import { sqliteBusy, sqliteCode, systemCode } from "./errors";
import { type Database, openExisting, openOrMake } from "./sqlite";

/**
 * The mark of a process that writes to a pool: a lock file that it holds exclusively. The kernel ends the lock when the process
 * ends, however that happens, and unlike a process id it means the same in every container.
 */
export class Session {
  private constructor(
    readonly id: string,
    private readonly path: string,
    private readonly lock: Database,
  ) {}

  static begin(folder: string): Session {
    // Whoever finds the file before it is locked takes it for a dead one's and removes it: then another is made
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const id = randomBytes(12).toString("hex");
      const path = sessionPath(folder, id);
      const lock = lockExclusively(openOrMake, path);
      if (!lock) continue;
      if (exists(path)) return new Session(id, path, lock);
      lock.close();
    }
    throw new KrStorageError(
      "UNAVAILABLE",
      `no lock could be had in ${folder}; does the file system have POSIX locks?`,
      { target: folder, retryable: true },
    );
  }

  /** Ends the session of a process that has left nothing unfinished. */
  end(): void {
    removeFile(this.path);
    this.lock.close();
  }
  /** Lets go of the lock and keeps the file, so that what is unfinished is found. */
  abandon(): void {
    this.lock.close();
  }
}

/** The sessions that have files. */
export function sessionIds(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => /^([a-f0-9]{24})\.db$/.exec(name)?.[1] ?? []);
}

/**
 * Runs `recover` while holding the lock of a dead session, which keeps every other recoverer away, and removes its file.
 * False, without running it, if the session lives.
 */
export async function withDeadSession(folder: string, id: string, recover: () => Promise<void>): Promise<boolean> {
  const path = sessionPath(folder, id);
  let lock: Database | undefined;
  if (exists(path)) {
    lock = lockExclusively(openExisting, path);
    if (!lock && exists(path)) return false;
  }
  try {
    // Without a file it is dead as well; then racing recoverers are told apart by the compare-and-swap on the row alone
    await recover();
    removeFile(path);
    return true;
  } finally {
    lock?.close();
  }
}

/** Whether the process of a session lives. */
export function isAlive(folder: string, id: string): boolean {
  const path = sessionPath(folder, id);
  if (!exists(path)) return false;
  const lock = lockExclusively(openExisting, path);
  lock?.close();
  return lock === undefined && exists(path);
}

/** A lock on a file of its own, or undefined while another process, or another part of this one, holds it. */
export function lockExclusively(open: (path: string) => Database, path: string): Database | undefined {
  let database: Database | undefined;
  try {
    database = open(path);
    // In memory: a journal file would stay behind when the process is killed
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database?.close();
    const code = sqliteCode(error);
    if (code === sqliteBusy || code === cannotOpen) return undefined;
    throw error;
  }
}
const cannotOpen = 14;

function sessionPath(folder: string, id: string): string {
  return join(folder, `${id}.db`);
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}

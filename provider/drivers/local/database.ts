import { setTimeout as sleep } from "node:timers/promises";
import { KrStorageError } from "../../model/errors";
import { sqliteBusy, sqliteCode, toKrStorageError } from "./errors";
import { completeSchema, hasTable, schema, schemaVersion } from "./schema";
import { type Database, openExisting, openOrMake, type Statement } from "./sqlite";

/** How long a call waits for other processes that hold the database. Their transactions take milliseconds. */
const patienceMs = 30_000;
/** How long opening waits, in SQLite itself: another process may just be the last to close the database, or be recovering its log. */
const openPatienceMs = 10_000;

interface Body {
  run(): void;
  settle(): void;
  fail(error: unknown): void;
}

/**
 * A pool's database. Transactions that are asked for at the same time share one COMMIT, and so its fsync: each body runs in
 * a savepoint of its own, so an error undoes that body only, and no promise resolves before the commit is durable.
 */
export class PoolDatabase {
  private readonly statements = new Map<string, Statement>();
  private queue: Body[] = [];
  private draining: Promise<void> | undefined;
  private hasWritten = false;
  /** Whether this database is known to have all that this version keeps in one. An earlier version's gets it with its first change. */
  private isComplete = false;

  private constructor(
    private readonly database: Database,
    /** `backend/pool`; for messages. */
    private readonly where: string,
  ) {}

  /** Opens a pool's database. Throws where there is none, or none that this version can use. */
  static open(path: string, where: string): PoolDatabase {
    const database = openExisting(path);
    try {
      database.exec(`PRAGMA busy_timeout = ${openPatienceMs}`);
      // WAL is kept in the file; FULL is not, and the binding's default for WAL would be NORMAL, which loses commits at a power cut
      database.exec("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF");
      const found = database.prepare("PRAGMA user_version").get() as { user_version: number };
      database.exec("PRAGMA busy_timeout = 0"); // from now on without blocking the process
      if (found.user_version > schemaVersion) {
        throw new KrStorageError(
          "PRECONDITION_FAILED",
          `the database of ${where} was made by a newer version of krstorage; upgrade this one`,
          { target: where },
        );
      }
      if (found.user_version === 0) {
        throw new KrStorageError(
          "PRECONDITION_FAILED",
          `the database of ${where} is empty; run \`krstorage fsck --repair\` on this pool`,
          { target: where },
        );
      }
      return new PoolDatabase(database, where);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Whether a database holds nothing, not even tables: its making was interrupted. */
  static isEmpty(path: string): boolean {
    const database = openExisting(path);
    try {
      database.exec(`PRAGMA busy_timeout = ${openPatienceMs}`);
      return (database.prepare("PRAGMA user_version").get() as { user_version: number }).user_version === 0;
    } finally {
      database.close();
    }
  }

  /** Makes a new, empty database. */
  static make(path: string, where: string): PoolDatabase {
    const database = openOrMake(path);
    try {
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
      database.exec(`BEGIN IMMEDIATE;${schema}COMMIT;`);
      return new PoolDatabase(database, where);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Whether there is a table for policies; where an earlier version made the database, not before its first change. */
  hasPolicies(): boolean {
    this.isComplete ||= hasTable(this.database, "policies");
    return this.isComplete;
  }

  /** A prepared statement, kept for the next time. */
  sql(text: string): Statement {
    let statement = this.statements.get(text);
    if (!statement) {
      statement = this.database.prepare(text);
      this.statements.set(text, statement);
    }
    return statement;
  }

  /** Reads one moment of the database, however many statements `look` runs. */
  async read<T>(look: () => T): Promise<T> {
    return this.patiently(() => {
      this.database.exec("BEGIN");
      try {
        return look();
      } finally {
        this.database.exec("ROLLBACK");
      }
    });
  }

  /** Runs `change` in a transaction and resolves when that is durable. `change` must not wait for anything. */
  write<T>(change: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let result: T;
      this.queue.push({
        run: () => {
          result = change();
        },
        settle: () => resolve(result),
        fail: reject,
      });
      this.draining ??= this.drain();
    });
  }

  /** Waits for what is queued, then closes. */
  async close(): Promise<void> {
    while (await this.draining) await this.draining;
    this.statements.clear();
    if (!this.database.isOpen) return;
    // The binding ends statements only when they are collected, so the last close does not do this by itself
    if (this.hasWritten) this.checkpoint();
    this.database.close();
  }

  private async drain(): Promise<void> {
    while (this.queue.length > 0) {
      // A turn of the event loop lets everything that is ready join this commit
      await new Promise((resolve) => setImmediate(resolve));
      try {
        await this.patiently(() => {
          this.begin();
          this.commit(this.queue.splice(0)); // at once: a read must not find itself inside
        });
      } catch (error) {
        for (const body of this.queue.splice(0)) body.fail(error);
      }
    }
    this.draining = undefined;
  }

  private begin(): void {
    this.database.exec("BEGIN IMMEDIATE");
    if (this.isComplete) return;
    try {
      completeSchema(this.database);
    } catch (error) {
      this.undo("ROLLBACK");
      throw error;
    }
  }

  private commit(batch: Body[]): void {
    const done: Body[] = [];
    for (const body of batch) {
      try {
        this.database.exec("SAVEPOINT body");
        body.run();
        this.database.exec("RELEASE body");
        done.push(body);
      } catch (error) {
        body.fail(error);
        if (!this.undo("ROLLBACK TO body; RELEASE body")) {
          // A full disk and the like end the whole transaction, and with it what the others did
          this.failAll(batch, error);
          return;
        }
      }
    }
    this.hasWritten = true;
    try {
      this.database.exec("COMMIT");
    } catch (error) {
      this.undo("ROLLBACK");
      this.failAll(done, error);
      return;
    }
    this.isComplete = true;
    for (const body of done) body.settle();
  }

  /** Moves what the write-ahead log holds into the database. Not needed for safety: whoever opens it next reads both. */
  private checkpoint(): void {
    try {
      this.database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch {
      // Another process is at it, or the disk is full
    }
  }

  private undo(sql: string): boolean {
    try {
      if (!this.database.isTransaction) return false;
      this.database.exec(sql);
      return true;
    } catch {
      if (this.database.isTransaction) this.database.exec("ROLLBACK");
      return false;
    }
  }

  private failAll(bodies: Body[], error: unknown): void {
    const translated = toKrStorageError(error, "writing to the database of", this.where);
    for (const body of bodies) body.fail(translated);
  }

  /** Waits while other processes hold the database; never by blocking this one. */
  private async patiently<T>(action: () => T): Promise<T> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      try {
        return action();
      } catch (error) {
        if (sqliteCode(error) !== sqliteBusy || performance.now() > deadline) throw error;
        await sleep(1 + Math.random() * 10);
      }
    }
  }
}

import { KrStorageError } from "../../model/errors";
import type { Call } from "../driver";
import { PoolDatabase } from "./database";
import type { Entry } from "./entry";
import type { PoolPaths } from "./layout";
import { PoolClock } from "./poolClock";
import { Session } from "./sessions";
import type { Site } from "./site";
import { SyncRounds } from "./syncRounds";
import { Transaction } from "./transaction";
import { Usage } from "./usage";

/** Brings what was begun on an object, and left unfinished, to its end. */
export type Finish = (pool: OpenPool, call: Call, entry: Entry) => Promise<void>;

/** A pool that has been verified and whose database is open. */
export class OpenPool {
  /** `backend/pool`. */
  readonly where: string;
  readonly clock: PoolClock;
  readonly sync = new SyncRounds();
  readonly usage: Usage;
  /** The uids that calls of this very object work on. What has our session and is not among them was left unfinished. */
  readonly active = new Set<string>();
  /** Whether the unfinished work of dead processes has been looked for. */
  recovered: Promise<void> | undefined;
  private ownSession: Session | undefined;
  private users = 0;
  private isRetired = false;

  private constructor(
    readonly site: Site,
    readonly paths: PoolPaths,
    readonly name: string,
    readonly identity: string,
    /** Whether its folder is a copy of the one it was made in: nothing is written to it until that is accepted. */
    readonly isCopied: boolean,
    readonly database: PoolDatabase,
    /** Handed in, since what finishes an object's work itself recovers what stands in its way. */
    readonly finish: Finish,
  ) {
    this.where = `${site.backend}/${name}`;
    this.clock = new PoolClock(site.env.clock);
    this.usage = new Usage(paths);
  }

  /** Throws PRECONDITION_FAILED if the database is not that of the pool's marker. */
  static open(
    site: Site,
    paths: PoolPaths,
    name: string,
    marker: { identity: string; isCopied: boolean },
    finish: Finish,
  ): OpenPool {
    const where = `${site.backend}/${name}`;
    const database = PoolDatabase.open(paths.database, where);
    try {
      const row = database.sql("SELECT identity FROM pool").get() as { identity: string } | undefined;
      if (row?.identity !== marker.identity) {
        throw new KrStorageError(
          "PRECONDITION_FAILED",
          `the database of pool ${where} is of pool identity ${row?.identity ?? "(none)"}, its marker of ${marker.identity}: files of two pools are mixed here; nothing was changed`,
          { target: where },
        );
      }
      return new OpenPool(site, paths, name, marker.identity, marker.isCopied, database, finish);
    } catch (error) {
      void database.close();
      throw error;
    }
  }

  /** The mark of this process in this pool, made when it first writes. */
  session(): Session {
    this.ownSession ??= Session.begin(this.paths.sessions);
    return this.ownSession;
  }
  get sessionId(): string | undefined {
    return this.ownSession?.id;
  }

  /** Changes the pool in one durable transaction. Refused while the pool is being removed. */
  change<T>(call: Call, body: (transaction: Transaction) => T): Promise<T> {
    return this.database.write(() => {
      const transaction = this.transaction(call);
      if (transaction.removing !== null) {
        throw new KrStorageError("PRECONDITION_FAILED", `pool ${this.where} is being removed`, { target: this.where });
      }
      transaction.requireWritable(transaction.pool, `pool ${this.where}`);
      return body(transaction);
    });
  }

  /** Only inside a database transaction. */
  transaction(call: Call): Transaction {
    return new Transaction({ database: this.database, clock: this.clock, where: this.where, actor: call.actor });
  }

  /** Runs `action` while the database stays open. */
  async use<T>(action: () => Promise<T>): Promise<T> {
    this.users += 1;
    try {
      return await action();
    } finally {
      this.users -= 1;
      if (this.isRetired && this.users === 0) await this.shut();
    }
  }

  /** Closes as soon as nothing uses it any more. */
  async retire(): Promise<void> {
    if (this.isRetired) return;
    this.isRetired = true;
    if (this.users === 0) await this.shut();
  }

  private async shut(): Promise<void> {
    this.usage.end();
    let hasUnfinished = true;
    try {
      const own = this.ownSession?.id;
      hasUnfinished =
        own !== undefined &&
        this.database.sql("SELECT 1 FROM objects WHERE session = ? LIMIT 1").get(own) !== undefined;
    } catch {
      // A database that cannot be read any more says nothing: then the session's file stays and is found dead
    }
    await this.database.close();
    try {
      if (hasUnfinished) this.ownSession?.abandon();
      else this.ownSession?.end();
    } catch (error) {
      this.site.env.log.debug(`${this.where}: the session's lock file was not removed: ${String(error)}`);
    }
    this.ownSession = undefined;
  }
}

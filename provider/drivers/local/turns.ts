import { messageOf } from "../../model/errors";
import type { OpenPool } from "./openPool";

/** That this call, and no other of this process, works on an object. */
export class Turn {
  private isHeld = false;

  constructor(
    private readonly pool: OpenPool,
    private readonly uid: string,
  ) {}

  /** The session to write into the row. Only inside a transaction in which nobody else works on the object. */
  claim(): string {
    this.isHeld = true;
    this.pool.active.add(this.uid);
    return this.pool.session().id;
  }

  /** When the work has ended, however it ended. */
  async release(): Promise<void> {
    if (!this.isHeld) return;
    this.isHeld = false;
    await leaveTurn(this.pool, this.uid);
  }
}

/** The session of work that a living process could not finish: any process may, as if that one were dead. */
const abandoned = "abandoned";

/** Ends this process's work on an object. What is still on its row then was left unfinished, and is anybody's now. */
export async function leaveTurn(pool: OpenPool, uid: string): Promise<void> {
  pool.active.delete(uid);
  const mine = pool.sessionId;
  if (mine === undefined) return;
  try {
    if (!pool.database.sql("SELECT 1 FROM objects WHERE uid = ? AND session = ?").get(uid, mine)) return;
    await pool.database.write(() =>
      pool.database.sql("UPDATE objects SET session = ? WHERE uid = ? AND session = ?").run(abandoned, uid, mine),
    );
  } catch (error) {
    pool.site.env.log.debug(`${pool.where}: ${uid} stays with this process: ${messageOf(error)}`);
  }
}

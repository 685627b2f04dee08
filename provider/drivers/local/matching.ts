import { KrStorageError } from "../../model/errors";
import { notLive, requireMatch } from "../changes";
import type { Match } from "../driver";
import type { Entry } from "./entry";
import { healthOf } from "./health";
import type { OpenPool } from "./openPool";
import type { Transaction } from "./transaction";

/** The object of a match, if it is live. Throws CONFLICT for another claim or revision. */
export function findLive(pool: OpenPool, transaction: Transaction, match: Match): Entry | undefined {
  const entry = transaction.find(match.uid);
  if (entry?.phase !== "live") return undefined;
  requireMatch(entry.record, match, `${pool.where}/${entry.name}`);
  return entry;
}

/** As `findLive`; throws NOT_FOUND if it is not live. */
export function requireLive(pool: OpenPool, transaction: Transaction, match: Match): Entry {
  const entry = findLive(pool, transaction, match);
  if (entry) return entry;
  throw notLive(pool.where, match.uid, transaction.row(match.uid)?.phase);
}

/** Throws PRECONDITION_FAILED unless the object's disk is what it should be. */
export function requireHealthy(pool: OpenPool, entry: Entry): void {
  const { health, problem } = healthOf(pool.paths, pool.identity, entry);
  if (health === "ready") return;
  const what = `${pool.where}/${entry.name}`;
  throw new KrStorageError(
    "PRECONDITION_FAILED",
    `${what} (uid ${entry.uid}) is ${health}: ${problem ?? "no reason is known"}`,
    { target: what },
  );
}

import { KrStorageError } from "../../model/errors";
import { notLive, requireMatch } from "../changes";
import type { Match } from "../driver";
import { type Entry, findEntry, type ReadEntry, requireReadable } from "./entry";
import type { OpenPool } from "./openPool";
import { problemOf, seeAll } from "./stored";
import type { Transaction } from "./table";

export const nameOf = (pool: OpenPool, { name }: { name: string }) => `${pool.where}/${name}`;

/** The object of a match, if it is live. Throws CONFLICT for another claim or revision. */
export function findLive(pool: OpenPool, transaction: Transaction, match: Match): ReadEntry | undefined {
  const found = findEntry(transaction, match.uid);
  if (found?.phase !== "live") return undefined;
  const readable = requireReadable(found, nameOf(pool, found));
  requireMatch(readable.record, match, nameOf(pool, found));
  return readable;
}

/** As `findLive`; throws NOT_FOUND if it is not live. */
export function requireLive(pool: OpenPool, transaction: Transaction, match: Match): ReadEntry {
  const found = findLive(pool, transaction, match);
  if (found) return found;
  throw notLive(pool.where, match.uid, findEntry(transaction, match.uid)?.phase);
}

/** What something is made from. */
export function requireSource(pool: OpenPool, transaction: Transaction, uid: string): ReadEntry {
  const found = findEntry(transaction, uid);
  if (found?.phase !== "live") throw notLive(pool.where, uid, found?.phase);
  return requireReadable(found, nameOf(pool, found));
}

/** Throws PRECONDITION_FAILED unless the object's bytes are what they should be. */
export async function requireHealthy(pool: OpenPool, found: Entry): Promise<void> {
  const wrong = problemOf(found, await seeAll(pool, [found]));
  if (!wrong) return;
  const what = nameOf(pool, found);
  throw new KrStorageError("PRECONDITION_FAILED", `${what} (uid ${found.uid}) is ${wrong.health}: ${wrong.problem}`, {
    target: what,
  });
}

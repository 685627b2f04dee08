import { KrStorageError } from "../../model/errors";
import { type Entry, findEntry, saveEntry } from "./entry";
import { nameOf } from "./matching";
import type { OpenPool } from "./openPool";

/**
 * How long whoever makes an object is waited for by others who want its name. A maker that takes longer, and whose name is wanted,
 * cannot publish any more. Shorter than a create waits for another one, so that a run after a killed one goes through.
 */
export const leaseMs = 6_000;

/** Has the maker of an object be waited for again. Throws CONFLICT if it was taken for gone meanwhile. */
export async function renewLease(pool: OpenPool, made: Entry): Promise<void> {
  const now = await pool.now();
  await pool.table.change((transaction) => {
    const found = findEntry(transaction, made.uid);
    if (found?.phase !== "creating") throw givenUp(pool, made);
    saveEntry(transaction, { ...found, leaseUntil: now + leaseMs });
  });
}

/** Said to the maker of an object that others have undone. */
export function givenUp(pool: OpenPool, made: Entry): KrStorageError {
  const what = nameOf(pool, made);
  return new KrStorageError("CONFLICT", `${what} took too long to be made and was given up; try again`, {
    target: what,
    retryable: true,
  });
}

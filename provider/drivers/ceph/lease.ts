import { KrStorageError } from "../../model/errors";
import { findEntry, saveEntry } from "./entry";
import type { OpenPool } from "./openPool";

/**
 * How long whoever makes an object is waited for by others who want its name. A maker that takes longer, and whose name is wanted,
 * cannot publish any more. Shorter than a create waits for another one, so that a run after a killed one goes through.
 */
export const leaseMs = 6_000;

/** Has others wait on for what takes long and goes on. Throws CONFLICT where they have given it up already. */
export async function renewLease(pool: OpenPool, uid: string, what: string): Promise<void> {
  const now = await pool.now();
  await pool.table.change((transaction) => {
    const found = findEntry(transaction, uid);
    if (found?.phase !== "creating") throw givenUp(what);
    saveEntry(transaction, { ...found, leaseUntil: now + leaseMs });
  });
}

export function givenUp(what: string): KrStorageError {
  return new KrStorageError("CONFLICT", `${what} took too long to be made and was given up; try again`, {
    target: what,
    retryable: true,
  });
}

import { KrStorageError } from "../../model/errors";
import { formatBytes } from "../../model/quantity";
import { type CapacityFacts, roomIn, shortageOf } from "../capacity";
import type { Transaction } from "./transaction";
import type { Usage } from "./usage";

/**
 * Throws QUOTA_EXCEEDED if `moreBytes` cannot be promised. Runs inside the transaction that promises them, so nothing is promised
 * twice. Every disk is looked at only where it would not fit otherwise.
 */
export function requireRoom(
  transaction: Transaction,
  usage: Usage,
  moreBytes: number,
  what: string,
  where: string,
): void {
  const { settings } = transaction.pool;
  const provisioned = transaction.provisionedBytes();
  let facts = usage.known(provisioned);
  if (shortageOf(moreBytes, settings, facts) !== undefined) facts = usage.measured(provisioned, 1000);
  const shortage = shortageOf(moreBytes, settings, facts) ?? reserveShortage(settings, facts);
  if (shortage === undefined) return;
  throw new KrStorageError(
    "QUOTA_EXCEEDED",
    `${what} does not fit in pool ${where}: ${shortage}. Raise the pool's capacity, purge trash, or take another pool`,
    {
      target: what,
    },
  );
}

/** What shares blocks is promised nothing, but below the reserve nothing new is made at all. */
function reserveShortage(settings: Transaction["pool"]["settings"], facts: CapacityFacts): string | undefined {
  const { reserveBytes } = roomIn(settings, facts);
  if (facts.freeBytes >= reserveBytes) return undefined;
  return `only ${formatBytes(facts.freeBytes)} are free, and ${formatBytes(reserveBytes)} are kept in reserve`;
}

import { KrStorageError } from "../../model/errors";
import { formatVersion } from "../record";
import { deleteFirst } from "./deleteFirst";
import { type Entry, readRow } from "./entry";
import type { Transaction } from "./transaction";

/** Throws IN_USE if someone has registered as using an object, or holds it. */
export function requireNotRegistered(entry: Entry, what: string, verb: string): void {
  const { consumers, holds } = entry.record;
  if (consumers.length > 0) {
    throw new KrStorageError(
      "IN_USE",
      `${what} cannot be ${verb}: it is in use by ${consumers.map((one) => `${one.id} (since ${one.since})`).join(", ")}; detach it there first`,
      {
        target: what,
      },
    );
  }
  if (holds.length > 0) {
    throw new KrStorageError(
      "IN_USE",
      `${what} cannot be ${verb}: it is held by ${holds.map((one) => `${one.id} (${one.reason}, since ${one.since})`).join(", ")}`,
      {
        target: what,
      },
    );
  }
}

/** Throws IN_USE if something is just being made from an object: the copy would be torn. */
export function requireNothingReads(transaction: Transaction, entry: Entry, what: string, verb: string): void {
  const readers = transaction.rowsFrom(entry.uid).filter((row) => row.phase === "creating");
  if (readers.length === 0) return;
  throw new KrStorageError(
    "IN_USE",
    `${what} cannot be ${verb}: ${readers.map((row) => row.name).join(", ")} is just being made from it; try again when that has ended`,
    {
      target: what,
      retryable: true,
    },
  );
}

/**
 * The live snapshots of an object that go into the trash with it: those that policies took and nobody uses, holds or protects. Throws
 * IN_USE naming the others. Deleting an object never deletes them silently.
 */
export function companionsOf(transaction: Transaction, entry: Entry, what: string): Entry[] {
  const live = transaction.rowsFrom(entry.uid).filter((row) => row.kind === "snapshot" && row.phase === "live");
  const companions: Entry[] = [];
  const staying: string[] = [];
  for (const row of live) {
    const snapshot = readRow(row);
    if ("problem" in snapshot || !mayGoAlong(transaction, snapshot)) staying.push(row.name);
    else companions.push(snapshot);
  }
  if (staying.length === 0) return companions;
  const names = staying.sort();
  const shown = names.slice(0, 5);
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  const pool = what.slice(0, what.lastIndexOf("/"));
  throw new KrStorageError(
    "IN_USE",
    `${what} cannot be deleted: it has live snapshots (${shown.join(", ")}${more}); ${deleteFirst(pool, shown)}`,
    { target: what },
  );
}

function mayGoAlong(transaction: Transaction, { uid, session, record }: Entry): boolean {
  const isFree = record.consumers.length === 0 && record.holds.length === 0 && !record.protection;
  const isRead = transaction.rowsFrom(uid).some((row) => row.phase === "creating");
  return record.taken !== undefined && isFree && !isRead && session === null && record.formatVersion <= formatVersion;
}

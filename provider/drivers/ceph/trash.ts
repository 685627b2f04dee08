import { hasCode, KrStorageError } from "../../model/errors";
import type { Call, Match, StoredObject, Undelete } from "../driver";
import { objectNameProblem } from "../requests";
import { allEntries, findEntry, nameKey, type ReadEntry, requireReadable, saveEntry } from "./entry";
import { type Gate, gateOf } from "./gate";
import { findLive, nameOf } from "./matching";
import type { OpenPool } from "./openPool";
import { closeShare } from "./shareEnd";
import { shareHolders } from "./shareUses";
import { lookAt } from "./stored";
import type { Transaction } from "./table";
import { undoAbandoned } from "./undo";
import { companionsOf, holdersOf, requireNotRegistered } from "./uses";

/**
 * The image goes into the cluster's trash first, where nobody can open it by name any more, and is looked at once more: who has
 * opened it just before gets it back, and the delete is refused. Only then the record says so. A share stays where it is: its
 * cephx user may not write any more, and is ended when the record says so.
 */
export async function trashObject(
  pool: OpenPool,
  match: Match,
  retentionMs: number,
  call: Call,
): Promise<StoredObject | undefined> {
  await undoAbandoned(pool, ({ sourceUid }) => sourceUid === match.uid, call);
  const found = await pool.table.read((transaction) => mayBeTrashed(pool, transaction, match)?.found);
  if (!found) return undefined;
  const what = nameOf(pool, found);
  const gate = gateOf(pool, found, retentionMs);
  await gate.requireIdle(what, "deleted", call);
  try {
    await closeGate(gate, what, call);
    await gate.requireIdle(what, "deleted", call);
    const now = await pool.now();
    const trashed = await pool.table.change((transaction) => {
      const going = mayBeTrashed(pool, transaction, match);
      if (!going) return undefined;
      const dates = { trashedAt: new Date(now).toISOString(), expiresAt: new Date(now + retentionMs).toISOString() };
      for (const companion of going.companions)
        moveRecord(transaction, companion, { ...dates, trashedWith: found.uid });
      return moveRecord(transaction, going.found, dates);
    });
    if (!trashed) return undefined;
    await gate.seal();
    return await lookAt(pool, trashed);
  } catch (error) {
    await putBack(pool, found);
    throw error;
  }
}

/** Whoever has opened it since it was looked at keeps it, if still alive. Our own connection may have been the one that died with it. */
async function closeGate(gate: Gate, what: string, call: Call): Promise<void> {
  try {
    await gate.close();
  } catch (error) {
    if (!hasCode(error, "IN_USE")) throw error;
    await gate.requireIdle(what, "deleted", call);
    await gate.close();
  }
}

/** Throws whatever stands against deleting it; undefined if it is not live. */
function mayBeTrashed(
  pool: OpenPool,
  transaction: Transaction,
  match: Match,
): { found: ReadEntry; companions: ReadEntry[] } | undefined {
  pool.writable(transaction);
  const found = findLive(pool, transaction, match);
  if (!found) return undefined;
  const what = nameOf(pool, found);
  if (found.record.protection)
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `${what} is protected (deletionProtection); take that off in an update of its own, then delete it`,
      {
        target: what,
      },
    );
  requireNotRegistered(transaction, found, what, "deleted");
  return { found, companions: companionsOf(transaction, found, what) };
}

function moveRecord(transaction: Transaction, found: ReadEntry, fields: Partial<ReadEntry["record"]>): ReadEntry {
  const record = { ...found.record, ...fields, revision: found.record.revision + 1 };
  const next: ReadEntry = { ...found, phase: "trashed", record };
  saveEntry(transaction, next);
  transaction.delete(nameKey(found.name));
  return next;
}

/** Takes an image out of the cluster's trash, unless its record says by now that it belongs there. */
async function putBack(pool: OpenPool, found: ReadEntry): Promise<void> {
  if (found.kind === "snapshot") return;
  const phase = await pool.table.read((transaction) => findEntry(transaction, found.uid)?.phase);
  if (phase === "live") await gateOf(pool, found).open();
}

/** Brings the image back, then the record. A name that was taken in between leaves both in the trash. */
export async function undeleteObject(pool: OpenPool, wanted: Undelete): Promise<StoredObject> {
  const { name = await pool.table.read((transaction) => findEntry(transaction, wanted.uid)?.name) } = wanted;
  await undoAbandoned(pool, (each) => each.name === name);
  const found = await pool.table.read((transaction) => mayComeBack(pool, transaction, wanted).found);
  await gateOf(pool, found).open();
  const back = await pool.table
    .change((transaction) => {
      const { found: current, name, companions } = mayComeBack(pool, transaction, wanted);
      for (const { entry, name: theirs } of companions) bringBack(transaction, entry, theirs, entry.record.claim);
      return bringBack(transaction, current, name, wanted.claim);
    })
    .catch(async (error: unknown) => {
      await returnToTrash(pool, found);
      throw error;
    });
  return lookAt(pool, back);
}

interface ComingBack {
  found: ReadEntry;
  name: string;
  companions: { entry: ReadEntry; name: string }[];
}

function mayComeBack(pool: OpenPool, transaction: Transaction, { uid, name: newName }: Undelete): ComingBack {
  pool.writable(transaction);
  const entry = findEntry(transaction, uid);
  if (entry?.phase !== "trashed")
    throw new KrStorageError("NOT_FOUND", `${uid} is not in the trash of pool ${pool.where}`, { target: pool.where });
  const found = requireReadable(entry, nameOf(pool, entry));
  const name = newName ?? found.record.name;
  const problem = objectNameProblem(found.kind, name);
  if (problem) throw new KrStorageError("INVALID_ARGUMENT", problem, { target: pool.where });
  const companions = allEntries(transaction)
    .filter((each): each is ReadEntry => each.phase === "trashed" && each.record?.trashedWith === uid)
    .map((each) => ({ entry: each, name: `${name}@${each.name.split("@")[1]}` }));
  for (const wanted of [name, ...companions.map((each) => each.name)])
    if (transaction.has(nameKey(wanted)))
      throw new KrStorageError(
        "ALREADY_EXISTS",
        `${pool.where}/${wanted} is there; undelete ${uid} under another name`,
        {
          target: `${pool.where}/${wanted}`,
        },
      );
  return { found, name, companions };
}

function bringBack(transaction: Transaction, found: ReadEntry, name: string, claim: string): ReadEntry {
  const { trashedAt: _at, trashedWith: _with, expiresAt: _expires, policies: _policies, ...record } = found.record;
  const next: ReadEntry = {
    ...found,
    name,
    phase: "live",
    record: { ...record, name, claim, revision: record.revision + 1 } as ReadEntry["record"],
  };
  saveEntry(transaction, next);
  transaction.set(nameKey(name), found.uid);
  return next;
}

/** Undoes the return of an image whose record stays in the trash. Never one that somebody uses already. */
async function returnToTrash(pool: OpenPool, found: ReadEntry): Promise<void> {
  const { uid, kind, image, subvolume } = found;
  const phase = await pool.table.read((transaction) => findEntry(transaction, uid)?.phase);
  if (phase !== "trashed" || kind === "snapshot") return;
  if (subvolume) {
    if ((await shareHolders(pool, found)).length === 0) await closeShare(pool, found);
  } else if ((await holdersOf(pool, image.id)).length === 0)
    await pool.site.cluster.moveToTrash(pool.id, image.name, 0);
}

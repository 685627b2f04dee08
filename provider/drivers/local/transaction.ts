import { KrStorageError } from "../../model/errors";
import type { Actor } from "../driver";
import {
  formatVersion,
  type ObjectRecord,
  type PolicyRecord,
  type PoolRecord,
  poolRecord,
  type Taken,
} from "../record";
import { withCapabilities } from "./capabilities";
import type { PoolDatabase } from "./database";
import { type Entry, type ObjectRow, readRow, rowColumns } from "./entry";
import { type ClockAnchor, type PoolClock, parseAnchor } from "./poolClock";

interface PoolRow {
  identity: string;
  record: string;
  clock: string;
  removing: string | null;
}

/** The pool's row. Throws PRECONDITION_FAILED if it cannot be read. */
export function readPoolRow(
  database: PoolDatabase,
  where: string,
): { record: PoolRecord; clock: ClockAnchor; removing: string | null } {
  const row = database.sql("SELECT identity, record, clock, removing FROM pool").get() as PoolRow | undefined;
  const clock = row && parseAnchor(row.clock);
  const record = row && poolRecordOf(database, row.record);
  if (!row || !clock || !record || record.identity !== row.identity) {
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `the record of pool ${where} cannot be read; run \`krstorage fsck --repair\` on this pool`,
      { target: where },
    );
  }
  return { record, clock, removing: row.removing };
}

/** What is promised from a pool in all, in bytes. */
export function provisionedIn(database: PoolDatabase): number {
  const row = database.sql("SELECT provisioned FROM pool").get() as { provisioned: number };
  return row.provisioned;
}

/** Every transaction reads the pool's record, which seldom changes: what was parsed last is kept with its text. */
const parsed = new WeakMap<PoolDatabase, { text: string; record: PoolRecord | undefined }>();

function poolRecordOf(database: PoolDatabase, text: string): PoolRecord | undefined {
  const known = parsed.get(database);
  if (known?.text === text) return known.record;
  const record = parsePoolRecord(text);
  parsed.set(database, { text, record });
  return record;
}

function parsePoolRecord(text: string): PoolRecord | undefined {
  try {
    const record = poolRecord.safeParse(JSON.parse(text)).data;
    return record && withCapabilities(record);
  } catch {
    return undefined;
  }
}

/** Who changes a pool's database, and through what. */
export interface TransactionContext {
  database: PoolDatabase;
  clock: PoolClock;
  /** `backend/pool`; for messages. */
  where: string;
  actor: Actor;
}

/** One change of a pool: rows, and with them the audit log. Everything here runs at once, inside one database transaction. */
export class Transaction {
  readonly pool: PoolRecord;
  readonly removing: string | null;
  /** The pool's time, for stamps. */
  readonly nowMs: number;
  /** The pool's time, for deciding that something has expired. */
  readonly expiryMs: number;

  constructor(private readonly context: TransactionContext) {
    const { database, where } = context;
    const clock = context.clock.stopped();
    const row = readPoolRow(database, where);
    this.pool = row.record;
    this.removing = row.removing;
    this.nowMs = clock.now(row.clock);
    this.expiryMs = clock.forExpiry(row.clock);
    const renewed = clock.renewed(row.clock);
    if (renewed) database.sql("UPDATE pool SET clock = ?").run(JSON.stringify(renewed));
  }

  get now(): string {
    return new Date(this.nowMs).toISOString();
  }

  /** Refuses any change that a newer version of krstorage must make. */
  requireWritable(record: { formatVersion: number }, what: string): void {
    if (record.formatVersion > formatVersion) {
      throw new KrStorageError(
        "PRECONDITION_FAILED",
        `${what} was written by a newer version of krstorage (format ${record.formatVersion}, this one writes ${formatVersion}); upgrade this one to change it`,
        { target: what },
      );
    }
  }

  row(uid: string): ObjectRow | undefined {
    return this.context.database.sql(`SELECT ${rowColumns} FROM objects WHERE uid = ?`).get(uid) as
      | ObjectRow
      | undefined;
  }

  /** An object by uid. Throws PRECONDITION_FAILED if its row cannot be read or must not be written by this version. */
  find(uid: string): Entry | undefined {
    const row = this.row(uid);
    if (!row) return undefined;
    const what = `${this.context.where}/${row.name}`;
    const entry = readRow(row);
    if ("problem" in entry)
      throw new KrStorageError("PRECONDITION_FAILED", `${what} (uid ${uid}) is damaged: ${entry.problem}`, {
        target: what,
      });
    this.requireWritable(entry.record, what);
    return entry;
  }

  /** What has a name now, complete or being made. */
  rowByName(name: string): ObjectRow | undefined {
    return this.context.database
      .sql(`SELECT ${rowColumns} FROM objects WHERE name = ? AND phase IN ('creating', 'live')`)
      .get(name) as ObjectRow | undefined;
  }

  /** The snapshot that a policy took, or is taking, of an object for a slot. */
  rowBySlot(sourceUid: string, { policy, slot }: Taken): ObjectRow | undefined {
    return this.context.database
      .sql(
        `SELECT ${rowColumns} FROM objects WHERE source_uid = ? AND phase IN ('creating', 'live')
         AND json_extract(record, '$.taken.policy') = ? AND json_extract(record, '$.taken.slot') = ?`,
      )
      .get(sourceUid, policy, slot) as ObjectRow | undefined;
  }

  /** What was, or is being, made from an object. */
  rowsFrom(sourceUid: string): ObjectRow[] {
    return this.context.database
      .sql(`SELECT ${rowColumns} FROM objects WHERE source_uid = ?`)
      .all(sourceUid) as ObjectRow[];
  }

  /** Rows that some process works on, or left unfinished. */
  unfinished(): ObjectRow[] {
    return this.context.database
      .sql(`SELECT ${rowColumns} FROM objects WHERE session IS NOT NULL`)
      .all() as ObjectRow[];
  }

  provisionedBytes(): number {
    return provisionedIn(this.context.database);
  }

  insert(entry: Entry): void {
    this.context.database
      .sql(`INSERT INTO objects (${rowColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
      .run(
        entry.uid,
        entry.kind,
        entry.name,
        entry.phase,
        entry.session,
        entry.sourceUid,
        entry.provisionedBytes,
        entry.record.revision,
        JSON.stringify(entry.record),
        entry.operation ? JSON.stringify(entry.operation) : null,
      );
  }

  /** Writes an entry back. Its name, kind and revision are those of its record. */
  save(entry: Entry): void {
    this.context.database
      .sql(
        "UPDATE objects SET name = ?, phase = ?, session = ?, provisioned = ?, revision = ?, record = ?, operation = ? WHERE uid = ?",
      )
      .run(
        entry.record.name,
        entry.phase,
        entry.session,
        entry.provisionedBytes,
        entry.record.revision,
        JSON.stringify(entry.record),
        entry.operation ? JSON.stringify(entry.operation) : null,
        entry.uid,
      );
  }

  remove(uid: string): void {
    this.context.database.sql("DELETE FROM objects WHERE uid = ?").run(uid);
  }

  savePool(record: PoolRecord): void {
    this.context.database.sql("UPDATE pool SET record = ?").run(JSON.stringify(record));
  }

  setRemoving(session: string | null): void {
    this.context.database.sql("UPDATE pool SET removing = ?").run(session);
  }

  /** Writes to the append-only log, in the same transaction as what it tells. */
  audit(
    action: string,
    subject: { uid: string; name: string },
    before: ObjectRecord | PoolRecord | PolicyRecord | undefined,
    after: ObjectRecord | PoolRecord | PolicyRecord | undefined,
  ): void {
    const { actor } = this.context;
    this.context.database
      .sql("INSERT INTO audit (at, actor, stack, action, uid, name, before, after) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .run(
        this.now,
        actor.by,
        actor.stack ?? null,
        action,
        subject.uid,
        subject.name,
        before ? JSON.stringify(before) : null,
        after ? JSON.stringify(after) : null,
      );
  }
}

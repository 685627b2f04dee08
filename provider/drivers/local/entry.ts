import { z } from "zod";
import type { StoredObject } from "../driver";
import { type ObjectRecord, objectRecord } from "../record";

/** A row of `objects`, as stored. */
export interface ObjectRow {
  uid: string;
  kind: string;
  name: string;
  phase: StoredObject["phase"];
  session: string | null;
  source_uid: string | null;
  provisioned: number;
  revision: number;
  record: string;
  operation: string | null;
}
export const rowColumns = "uid, kind, name, phase, session, source_uid, provisioned, revision, record, operation";

/** Work on a published object that is under way: written before it begins, so that whoever finds it unfinished can end it. */
const operation = z.discriminatedUnion("type", [
  z.object({ type: z.literal("grow"), toBytes: z.number().int() }),
  z.object({
    type: z.literal("rollback"),
    fromUid: z.string(),
    /** Set when the copy is complete and durable: from then on the rollback is only ever finished. */
    stagedInode: z.number().int().optional(),
  }),
]);
export type Operation = z.infer<typeof operation>;

/** An object as its row tells it. */
export interface Entry {
  uid: string;
  kind: ObjectRecord["kind"];
  name: string;
  phase: StoredObject["phase"];
  /** The process that works on it, or left it unfinished. */
  session: string | null;
  sourceUid: string | null;
  /** What it counts against the pool's capacity, in bytes. */
  provisionedBytes: number;
  operation: Operation | undefined;
  record: ObjectRecord;
}

/** Reads a row like any foreign input. What is wrong with it is a sentence. */
export function readRow(row: ObjectRow): Entry | { problem: string } {
  const record = parseRecord(row.record);
  if ("problem" in record) return { problem: `its record cannot be read (${record.problem}); run fsck with repair` };
  if (
    record.uid !== row.uid ||
    record.name !== row.name ||
    record.revision !== row.revision ||
    record.kind !== row.kind
  ) {
    return { problem: "its record is of another object or revision than its row; run fsck with repair" };
  }
  let current: Operation | undefined;
  if (row.operation !== null) {
    current = parseOperation(row.operation);
    if (!current)
      return { problem: "the operation under way on it cannot be read; it may be of a newer version of krstorage" };
  }
  return {
    uid: row.uid,
    kind: record.kind,
    name: row.name,
    phase: row.phase,
    session: row.session,
    sourceUid: row.source_uid,
    provisionedBytes: row.provisioned,
    operation: current,
    record,
  };
}

/** Reads a record; what is wrong with it is a sentence. */
export function parseRecord(text: string): ObjectRecord | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "it is not JSON" };
  }
  const parsed = objectRecord.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return { problem: issue ? `${issue.path.join(".") || "record"}: ${issue.message}` : "it has another shape" };
}

function parseOperation(text: string): Operation | undefined {
  try {
    return operation.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

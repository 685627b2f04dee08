import { lstatSync, readFileSync } from "node:fs";
import { z } from "zod";
import { messageOf } from "../../model/errors";
import type { StoredObject } from "../driver";
import { type ObjectRecord, objectRecord } from "../record";
import { replaceDurably } from "./durableFile";
import type { Entry, ObjectRow } from "./entry";
import { copyPath, objectFolder } from "./layout";
import type { OpenPool } from "./openPool";

/** A copy of a row beside its data, from which the database can be rebuilt. */
const recordCopy = z.looseObject({
  phase: z.enum(["live", "trashed"]),
  record: objectRecord,
});
export type RecordCopy = z.infer<typeof recordCopy>;

export function copyText(phase: StoredObject["phase"], record: ObjectRecord): string {
  return `${JSON.stringify({ phase, record })}\n`;
}

/** Reads a copy; undefined if it is missing or cannot be read. */
export function readCopy(path: string): RecordCopy | undefined {
  try {
    if (!lstatSync(path).isFile()) return undefined;
    return recordCopy.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch {
    return undefined;
  }
}

/**
 * Brings the copy beside an object's data up to its row. Called after a commit, so a failure fails nothing: fsck finds a stale
 * copy. Calls may overtake each other, so each looks again after writing, and the last one sees what is newest.
 */
export async function refreshCopy(pool: OpenPool, uid: string): Promise<void> {
  try {
    let row = currentRow(pool, uid);
    while (row) {
      const written = row;
      await replaceCopy(pool, uid, `{"phase":"${row.phase}","record":${row.record}}\n`);
      const now = currentRow(pool, uid);
      row = now && (now.revision !== written.revision || now.phase !== written.phase) ? now : undefined;
    }
  } catch (error) {
    pool.site.env.log.warn(
      `${pool.where}: the record copy of ${uid} could not be written, fsck --repair will do it: ${messageOf(error)}`,
    );
  }
}

function currentRow(pool: OpenPool, uid: string): Pick<ObjectRow, "phase" | "revision" | "record"> | undefined {
  return pool.database
    .sql("SELECT phase, revision, record FROM objects WHERE uid = ? AND phase IN ('live', 'trashed')")
    .get(uid) as Pick<ObjectRow, "phase" | "revision" | "record"> | undefined;
}

async function replaceCopy(pool: OpenPool, uid: string, text: string): Promise<void> {
  // A planted link would take the copy, and the rename with it, to another place
  if (!lstatSync(objectFolder(pool.paths, uid), { throwIfNoEntry: false })?.isDirectory()) return;
  await replaceDurably(pool, copyPath(pool.paths, uid), text);
}

/** What the copy of an entry should say. */
export function copyOf(entry: Entry): string {
  return copyText(entry.phase, entry.record);
}

import { randomBytes } from "node:crypto";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { OpenPool } from "./openPool";
import { closeFile, makeFile } from "./safeFiles";

/** Writes a new file of ours; it is durable when this resolves, its name when its folder is. */
export async function writeDurably(pool: OpenPool, path: string, text: string): Promise<void> {
  await fill(pool, makeFile(path), text);
}

/** Puts a new file in the place of one, or of none: at any moment there is either, whole. File and name are durable when this resolves. */
export async function replaceDurably(pool: OpenPool, path: string, text: string): Promise<void> {
  const temporary = `${pool.paths.staging}/copy-${pool.session().id}-${randomBytes(6).toString("hex")}.json`;
  const descriptor = makeFile(temporary);
  try {
    await fill(pool, descriptor, text);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true }); // also where the folder has been removed meanwhile
    throw error;
  }
  await pool.sync.folder(dirname(path));
}

async function fill(pool: OpenPool, descriptor: number, text: string): Promise<void> {
  try {
    writeFileSync(descriptor, text);
    await pool.sync.file(descriptor);
  } finally {
    closeFile(descriptor);
  }
}

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";

/** Asked of the file system itself, not of the driver. */
export function canReflink(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "krs-reflink-"));
  try {
    writeFileSync(join(folder, "from"), Buffer.alloc(4096, 1));
    execFileSync("cp", ["--reflink=always", join(folder, "from"), join(folder, "to")], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Another process that has the disk open for writing, as a virtual machine would. */
export async function holdOpen(disk: string): Promise<() => Promise<void>> {
  const script =
    "require('fs').openSync(process.argv[1], 'r+'); process.stdout.write('open'); process.stdin.resume().on('end', () => process.exit())";
  const child = spawn(process.execPath, ["-e", script, disk], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return async () => {
    const ended = once(child, "exit");
    child.stdin.end();
    await ended;
  };
}

/** Another process that writes a file again and again, and has it closed in between. */
export async function keepWriting(file: string): Promise<() => Promise<void>> {
  const script =
    "setInterval(() => require('fs').writeFileSync(process.argv[1], String(process.hrtime.bigint())), 1); process.stdout.write('writing'); process.stdin.resume().on('end', () => process.exit())";
  const child = spawn(process.execPath, ["-e", script, file], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return async () => {
    const ended = once(child, "exit");
    child.stdin.end();
    await ended;
  };
}

/** Edits the record of an object or a policy in a pool's database. */
export function editRow(database: string, uid: string, edit: (record: Record<string, unknown>) => void): void {
  const db = new DatabaseSync(database);
  try {
    const table = db.prepare("SELECT 1 FROM policies WHERE uid = ?").get(uid) ? "policies" : "objects";
    const row = db.prepare(`SELECT record FROM ${table} WHERE uid = ?`).get(uid) as { record: string };
    const record = JSON.parse(row.record) as Record<string, unknown>;
    edit(record);
    db.prepare(`UPDATE ${table} SET record = ? WHERE uid = ?`).run(JSON.stringify(record), uid);
  } finally {
    db.close();
  }
}

/**
 * Overwrites the middle of the database, as a bad sector would. In a process of its own: closing a file that SQLite has open
 * ends the locks that this process holds on it.
 */
export function breakDatabase(database: string): () => void {
  const db = new DatabaseSync(database);
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  const { page } = db
    .prepare("SELECT max(pageno) AS page FROM dbstat WHERE name = 'objects' AND pagetype = 'leaf'")
    .get() as { page: number };
  const { page_size: pageSize } = db.prepare("PRAGMA page_size").get() as { page_size: number };
  db.close();
  const script = `const fs = require('fs'), [file, at, size, bytes] = process.argv.slice(1), fd = fs.openSync(file, 'r+'), old = Buffer.alloc(+size);
fs.readSync(fd, old, 0, +size, +at); fs.writeSync(fd, Buffer.from(bytes || Buffer.alloc(+size, 0xa5).toString('base64'), 'base64'), 0, +size, +at); process.stdout.write(old.toString('base64'));`;
  const overwrite = (bytes: string) =>
    execFileSync(process.execPath, ["-e", script, database, String((page - 1) * pageSize), String(pageSize), bytes], {
      encoding: "utf8",
    });
  const old = overwrite("");
  return () => void overwrite(old);
}

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";

/**
 * A hash of everything below a folder: names, kinds and contents. What SQLite keeps beside a database for its readers
 * (`-shm`, `-wal`) comes and goes with every one of them, and is left out.
 */
export function treeHash(folder: string): string {
  const hash = createHash("sha256");
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
    .filter(({ path }) => !/-(shm|wal)$/.test(path))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const { entry, path } of entries) {
    hash.update(`\0${relative(folder, path)}\0`);
    if (entry.isSymbolicLink()) hash.update(readlinkSync(path));
    else if (entry.isFile()) hash.update(readFileSync(path));
  }
  return hash.digest("hex");
}

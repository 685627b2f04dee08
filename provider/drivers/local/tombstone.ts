import { lstatSync, rmSync, writeFileSync } from "node:fs";
import type { PoolRecord } from "../record";
import { makeFolder } from "./createPool";
import { tombstoneFolder, tombstonePath } from "./layout";
import { syncPath } from "./syncRounds";

// Beside the pools, not in them: it must still be there when the pool's own folder is gone, and must not be taken for a disk that
// is away. It is what lets a repeated removal succeed.

/** Remembers that a pool is removed. Before its marker goes, durably; while the marker is there it says nothing. */
export async function writeTombstone(backendPath: string, record: PoolRecord, removedAt: string): Promise<void> {
  makeFolder(tombstoneFolder(backendPath), 0o700);
  const path = tombstonePath(backendPath, record.uid);
  writeFileSync(
    path,
    `${JSON.stringify({ uid: record.uid, name: record.name, identity: record.identity, removedAt })}\n`,
    { mode: 0o600 },
  );
  await syncPath(path);
  await syncPath(tombstoneFolder(backendPath));
  await syncPath(backendPath);
}

export function hasTombstone(backendPath: string, poolUid: string): boolean {
  return lstatSync(tombstonePath(backendPath, poolUid), { throwIfNoEntry: false })?.isFile() ?? false;
}

export function removeTombstone(backendPath: string, poolUid: string): void {
  rmSync(tombstonePath(backendPath, poolUid), { force: true });
}

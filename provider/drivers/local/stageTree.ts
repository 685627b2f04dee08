import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  type Stats,
} from "node:fs";
import { join } from "node:path";
import type { Call } from "../driver";
import type { ObjectRecord } from "../record";
import { copyTree } from "./copyTree";
import { writeDurably } from "./durableFile";
import type { Entry } from "./entry";
import { diskAccess, folderModeOf } from "./fileMode";
import { selfOf } from "./health";
import { copyName, stagedFolder, treeName } from "./layout";
import type { OpenPool } from "./openPool";
import { copyText } from "./recordCopy";
import { syncFileSystem } from "./treeTools";

/** Of the top folder of a snapshot: nobody writes in it. */
const snapshotMode = 0o500;

/** Makes the folder of a share, or of a snapshot of one, in staging: the tree and the copy of its record, all durable. Returns the record, complete now. */
export async function stageTree(
  pool: OpenPool,
  call: Call,
  entry: Entry,
  source: Entry | undefined,
): Promise<ObjectRecord> {
  const folder = stagedFolder(pool.paths, entry.uid);
  const tree = join(folder, treeName);
  mkdirSync(folder, 0o700);
  if (source) await copyTree(pool, call, source, tree, `${pool.where}/${entry.name}`);
  else mkdirSync(tree, 0o700);
  const stats = lstatSync(tree);
  setTreeAccess(pool, entry, tree, stats);
  // One syncfs instead of an fsync of each file and folder: it costs one commit of the file system's journal, however many there are
  if (source) await syncFileSystem(folder);
  else syncFolder(tree);
  const record = { ...entry.record, self: selfOf(stats.ino, pool.identity) };
  await writeDurably(pool, join(folder, copyName), copyText("live", record));
  chmodSync(folder, folderModeOf(entry, false));
  await pool.sync.folder(folder);
  return record;
}

/** The mode of a tree's top folder. It is set once: from then on a share is its user's, who may hand it to someone else. */
function setTreeAccess(pool: OpenPool, entry: Entry, tree: string, stats: Stats): void {
  const { groupId } = diskAccess(pool.site.options);
  if (groupId !== undefined && stats.gid !== groupId) chownSync(tree, stats.uid, groupId);
  chmodSync(tree, entry.kind === "snapshot" ? snapshotMode : groupId === undefined ? 0o700 : 0o2770);
}

function syncFolder(path: string): void {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

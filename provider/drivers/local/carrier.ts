import { lstatSync, type Stats } from "node:fs";
import type { ObjectRecord } from "../record";
import { diskName, diskPath, objectFolder, type PoolPaths, treeName, treePath } from "./layout";

// What holds an object's bytes: a file for volumes and their snapshots, a folder for shares and theirs.

/** Whether an object's bytes are a folder with files. */
export function isTree(record: Pick<ObjectRecord, "kind" | "sourceKind">): boolean {
  return record.kind === "share" || (record.kind === "snapshot" && record.sourceKind === "share");
}

export function carrierName(record: Pick<ObjectRecord, "kind" | "sourceKind">): string {
  return isTree(record) ? treeName : diskName;
}

export function carrierPath(paths: PoolPaths, record: Pick<ObjectRecord, "kind" | "sourceKind" | "uid">): string {
  return isTree(record) ? treePath(paths, record.uid) : diskPath(paths, record.uid);
}

/** The published file or folder of an object, if it is what it should be. */
export function carrierOf(
  paths: PoolPaths,
  record: Pick<ObjectRecord, "kind" | "sourceKind" | "uid">,
): Stats | undefined {
  const stats = lstatSync(carrierPath(paths, record), { throwIfNoEntry: false });
  return (isTree(record) ? stats?.isDirectory() : stats?.isFile()) ? stats : undefined;
}

/** What of both there is of a uid whose record cannot be asked. */
export function carrierFound(paths: PoolPaths, uid: string): string {
  const isDisk = lstatSync(diskPath(paths, uid), { throwIfNoEntry: false }) !== undefined;
  return !isDisk && hasTree(objectFolder(paths, uid)) ? treeName : diskName;
}

/** Whether an object's folder, published or staged, has a tree in it. */
export function hasTree(folder: string): boolean {
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return false;
  return lstatSync(`${folder}/${treeName}`, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

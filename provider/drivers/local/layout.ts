import { join } from "node:path";

/** Where things are in a pool's folder. Names of people's choosing appear only as links below `volumes`. */
export interface PoolPaths {
  root: string;
  /** 0700: what only this driver reads. */
  internal: string;
  database: string;
  /** Says that a pool was made here, and which. Written as the last step of making one. */
  marker: string;
  /** What is not published yet, and what is no longer: the only place where data is ever deleted. */
  staging: string;
  /** A copy of the record of every policy, from which the database can be rebuilt. Pools of earlier versions get it with their first policy. */
  policies: string;
  /** One lock file for every process that writes. */
  sessions: string;
  /** Locked while a pool is made or removed. */
  making: string;
  data: string;
  /** Links from names to disks and shares, for people. */
  volumes: string;
}

export const markerName = "pool.json";
export const diskName = "disk.raw";
export const treeName = "tree";
export const copyName = "record.json";

export function poolPaths(backendPath: string, pool: string): PoolPaths {
  const root = join(backendPath, pool);
  const internal = join(root, ".krstorage");
  return {
    root,
    internal,
    database: join(internal, "pool.db"),
    marker: join(internal, markerName),
    staging: join(internal, "new"),
    policies: join(internal, "policies"),
    sessions: join(internal, "sessions"),
    making: join(internal, "making.db"),
    data: join(root, "data"),
    volumes: join(root, "volumes"),
  };
}

/** Where removed pools are remembered, so that removing one again can be told from an unmounted disk. */
export function tombstonePath(backendPath: string, poolUid: string): string {
  return join(tombstoneFolder(backendPath), `${poolUid}.json`);
}
export function tombstoneFolder(backendPath: string): string {
  return join(backendPath, ".krstorage-removed");
}

/** The published folder of an object, which has this path for life. */
export function objectFolder(paths: PoolPaths, uid: string): string {
  return join(paths.data, uid);
}
export function diskPath(paths: PoolPaths, uid: string): string {
  return `${paths.data}/${uid}/${diskName}`;
}
/** The folder with the files of a share, or of a snapshot of one. */
export function treePath(paths: PoolPaths, uid: string): string {
  return `${paths.data}/${uid}/${treeName}`;
}
export function copyPath(paths: PoolPaths, uid: string): string {
  return join(paths.data, uid, copyName);
}
/** The folder of an object before it is published, or when it is being purged. */
export function stagedFolder(paths: PoolPaths, uid: string): string {
  return join(paths.staging, uid);
}

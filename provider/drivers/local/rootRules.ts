import { lstatSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { KrStorageError } from "../../model/errors";
import { filesystemOf } from "./filesystems";
import { currentUser, folderProblem } from "./safeFiles";
import type { Site } from "./site";

/** Those that KRStorage vouches for. */
const supported = new Set(["ext4", "xfs", "btrfs", "zfs"]);

/**
 * Refuses a pool folder that others could change under us, or that is on a file system whose fsync, rename and locks are not
 * known to hold. `path` is the pool's folder, or the nearest one above where it does not exist yet.
 */
export function requireSafeRoot(site: Site, root: string): void {
  requireReachable(site);
  requireSafeParent(dirname(root));
  const stats = lstatSync(root, { throwIfNoEntry: false });
  if (stats) {
    const problem = folderProblem(root, stats);
    if (problem) {
      throw new KrStorageError(
        "PERMISSION_DENIED",
        `pool folder ${problem}. KRStorage keeps disks only where nobody else can exchange them`,
        { target: root },
      );
    }
  }
  requireKnownFilesystem(site, nearestExisting(root));
}

/**
 * The backend's folder is made with its first pool, with folders above it where some project or user has begun the path. Where nothing
 * of it is there but a folder of the system, such as /mnt or /srv, it is mistyped or its disk is not mounted, and everything would go to
 * the disk that is.
 */
function requireReachable({ backend, options: { path, makeParents } }: Site): void {
  const above = dirname(path);
  const existing = nearestExisting(path);
  if (makeParents || existing === path || existing === above || dirname(dirname(existing)) !== dirname(existing))
    return;
  throw new KrStorageError(
    "PRECONDITION_FAILED",
    `${path}, the folder of backend "${backend}", cannot be made: ${above} does not exist. Is the path right, and its disk mounted? If it is to be a new folder, make ${above} first`,
    { target: path },
  );
}

/** The folder above may belong to root, but nobody else may be able to put another folder in the pool's place. */
function requireSafeParent(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return;
  if (stats.isSymbolicLink()) {
    throw new KrStorageError(
      "PERMISSION_DENIED",
      `backend folder ${path} is a symbolic link; configure the folder itself: ${realpathSync(path)}`,
      { target: path },
    );
  }
  if (!stats.isDirectory())
    throw new KrStorageError("PRECONDITION_FAILED", `backend folder ${path} is not a folder`, { target: path });
  const user = currentUser();
  if (user !== undefined && stats.uid !== user && stats.uid !== 0) {
    throw new KrStorageError(
      "PERMISSION_DENIED",
      `backend folder ${path} belongs to user ${stats.uid}, not to ${user}; use a folder of your own`,
      { target: path },
    );
  }
  const isSticky = (stats.mode & 0o1000) !== 0;
  if ((stats.mode & 0o022) !== 0 && !isSticky) {
    throw new KrStorageError(
      "PERMISSION_DENIED",
      `backend folder ${path} can be written by others (mode ${(stats.mode & 0o777).toString(8)}); chmod go-w it`,
      {
        target: path,
      },
    );
  }
}

function requireKnownFilesystem(site: Site, path: string): void {
  const { magic, name } = filesystemOf(path) ?? {};
  if (magic === undefined || (name !== undefined && supported.has(name))) return;
  const number = `0x${magic.toString(16)}`;
  const allowed = site.options.allowFilesystem?.toLowerCase();
  if (allowed !== undefined && (allowed === name || allowed === number)) return;
  throw new KrStorageError(
    "UNSUPPORTED",
    `${path} is on ${name ?? "a file system"} (${number}), which is not known to keep data through a crash; use ext4, xfs, btrfs or zfs, ` +
      `or set allowFilesystem: "${name ?? number}" on backend "${site.backend}" if its loss would not matter`,
    { target: path },
  );
}

/** The path itself, or the closest folder above it that exists. */
export function nearestExisting(path: string): string {
  let current = path;
  while (!lstatSync(current, { throwIfNoEntry: false }) && dirname(current) !== current) current = dirname(current);
  return current;
}

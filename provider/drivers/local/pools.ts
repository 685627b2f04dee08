import { lstatSync, readdirSync } from "node:fs";
import { KrStorageError } from "../../model/errors";
import { nameProblem } from "../../model/names";
import type { PoolRef } from "../driver";
import { systemCode } from "./errors";
import { type PoolPaths, poolPaths } from "./layout";
import { folderStamp, readMarker } from "./marker";
import { type Finish, OpenPool } from "./openPool";
import { requireSafeRoot } from "./rootRules";
import { requireFolder } from "./safeFiles";
import type { Site } from "./site";

/** The pools of one backend that are open. Each call verifies anew, cheaply, that a pool's folder is still the same. */
export class Pools {
  private readonly opened = new Map<string, { pool: OpenPool; stamp: string; databaseInode: number | undefined }>();

  constructor(
    readonly site: Site,
    private readonly finish: Finish,
  ) {}

  paths(name: string): PoolPaths {
    const problem = nameProblem(name);
    if (problem)
      throw new KrStorageError("INVALID_ARGUMENT", `pool name ${problem}`, {
        target: this.site.backend,
        issues: [{ path: "name", message: problem }],
      });
    return poolPaths(this.site.options.path, name);
  }

  /** An open pool, or undefined where none was made and the caller knows of none. */
  find(ref: PoolRef): OpenPool | undefined {
    const paths = this.paths(ref.name);
    const where = `${this.site.backend}/${ref.name}`;
    const stamp = folderStamp(paths);
    if (stamp === undefined) {
      this.forget(ref.name);
      this.requireNeverMade(ref, paths, where);
      return undefined;
    }
    const known = this.opened.get(ref.name);
    if (known?.stamp === stamp) {
      requireIdentity(where, known.pool.identity, ref.identity);
      return known.pool;
    }
    return this.verifyAndOpen(ref, paths, where, stamp);
  }

  /** Throws UNAVAILABLE where no pool is: it may be on a disk that is not mounted. */
  require(ref: PoolRef): OpenPool {
    const pool = this.find(ref);
    if (!pool) throw away(`${this.site.backend}/${ref.name}`, this.paths(ref.name).root);
    return pool;
  }

  /** Lets go of a pool, after the calls that use it. */
  forget(name: string): void {
    const known = this.opened.get(name);
    this.opened.delete(name);
    void known?.pool.retire();
  }

  async close(): Promise<void> {
    const pools = [...this.opened.values()];
    this.opened.clear();
    for (const { pool } of pools) await pool.retire();
  }

  private verifyAndOpen(ref: PoolRef, paths: PoolPaths, where: string, stamp: string): OpenPool {
    requireSafeRoot(this.site, paths.root);
    requireFolder(paths.internal);
    const marker = readMarker(paths, where);
    if (!marker) throw away(where, paths.root);
    requireIdentity(where, marker.identity, ref.identity);
    requireFolder(paths.data);
    const database = lstatSync(paths.database, { throwIfNoEntry: false });
    if (!database?.isFile()) {
      throw new KrStorageError(
        "PRECONDITION_FAILED",
        `the database of pool ${where} is missing (${paths.database}); run \`krstorage fsck --repair\` on this pool`,
        {
          target: where,
        },
      );
    }
    const known = this.opened.get(ref.name);
    if (
      known &&
      known.pool.identity === marker.identity &&
      known.pool.isCopied === marker.isCopied &&
      known.databaseInode === database.ino &&
      sameFolder(known.stamp, stamp)
    ) {
      known.stamp = stamp; // only the marker was written anew
      return known.pool;
    }
    this.forget(ref.name);
    const pool = OpenPool.open(this.site, paths, ref.name, marker, this.finish);
    this.opened.set(ref.name, { pool, stamp, databaseInode: database.ino });
    return pool;
  }

  private requireNeverMade(ref: PoolRef, paths: PoolPaths, where: string): void {
    if (ref.identity !== undefined) throw away(where, paths.root);
    if (!lstatSync(paths.root, { throwIfNoEntry: false })) return;
    requireSafeRoot(this.site, paths.root);
    if (holdsData(paths)) {
      throw new KrStorageError(
        "PRECONDITION_FAILED",
        `pool ${where} has lost its marker (${paths.marker}), but not its data; run \`krstorage fsck --repair\` on this pool`,
        {
          target: where,
        },
      );
    }
  }
}

/** Whether objects are published in a folder, whether it has a marker or not. */
export function holdsData(paths: PoolPaths): boolean {
  try {
    return readdirSync(paths.data).length > 0;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return false;
    throw error;
  }
}

/** Whether two stamps are of the same folders, apart from the marker in them. */
function sameFolder(a: string, b: string): boolean {
  return a.split(" ").slice(0, 2).join(" ") === b.split(" ").slice(0, 2).join(" ");
}

function requireIdentity(where: string, found: string, known: string | undefined): void {
  if (known === undefined || known === found) return;
  throw new KrStorageError(
    "PRECONDITION_FAILED",
    `pool ${where} has identity ${found}, but ${known} is expected: another disk, or another pool of that name. Nothing was changed`,
    { target: where },
  );
}

function away(where: string, root: string): KrStorageError {
  return new KrStorageError(
    "UNAVAILABLE",
    `pool ${where} is not in ${root}: its marker is not there. Is its disk mounted? Nothing was changed`,
    {
      target: where,
      retryable: true,
    },
  );
}

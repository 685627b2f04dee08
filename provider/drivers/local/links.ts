import { randomBytes } from "node:crypto";
import { lstatSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../model/errors";
import { diskName } from "./layout";
import type { OpenPool } from "./openPool";

// Links from names to disks are for people. Nothing reads them, so what goes wrong with one fails nothing; fsck mends it.

export function linkTarget(uid: string): string {
  return `../data/${uid}/${diskName}`;
}

/** Points a name at a disk. Only a link is ever replaced. */
export function makeLink(pool: OpenPool, name: string, uid: string): void {
  const path = join(pool.paths.volumes, name);
  try {
    try {
      symlinkSync(linkTarget(uid), path);
      return;
    } catch {
      // There is one: another's left over, or something of somebody else's
    }
    if (!lstatSync(path).isSymbolicLink() || readlinkSync(path) === linkTarget(uid)) return;
    const temporary = join(pool.paths.staging, `link-${randomBytes(6).toString("hex")}`);
    symlinkSync(linkTarget(uid), temporary);
    renameSync(temporary, path);
  } catch (error) {
    pool.site.env.log.debug(`${pool.where}: no link ${path}: ${messageOf(error)}`);
  }
}

/** Removes the link of a name, if it still points at this object. */
export function dropLink(pool: OpenPool, name: string, uid: string): void {
  const path = join(pool.paths.volumes, name);
  try {
    if (readlinkSync(path) === linkTarget(uid)) unlinkSync(path);
  } catch {
    // There is none, which is what was wanted
  }
}

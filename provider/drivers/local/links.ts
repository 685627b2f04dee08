import { randomBytes } from "node:crypto";
import { lstatSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../model/errors";
import type { ObjectRecord } from "../record";
import { carrierName } from "./carrier";
import { diskName, treeName } from "./layout";
import type { OpenPool } from "./openPool";

// Links from names to disks and shares are for people. Nothing reads them, so what goes wrong with one fails nothing; fsck mends it.

export function linkTarget(uid: string, carrier: string): string {
  return `../data/${uid}/${carrier}`;
}

/** Points the name of an object at its bytes. Only a link is ever replaced. */
export function makeLink(pool: OpenPool, record: Pick<ObjectRecord, "name" | "uid" | "kind" | "sourceKind">): void {
  pointLink(pool, record.name, linkTarget(record.uid, carrierName(record)));
}

export function pointLink(pool: OpenPool, name: string, target: string): void {
  const path = join(pool.paths.volumes, name);
  try {
    try {
      symlinkSync(target, path);
      return;
    } catch {
      // There is one: another's left over, or something of somebody else's
    }
    if (!lstatSync(path).isSymbolicLink() || readlinkSync(path) === target) return;
    const temporary = join(pool.paths.staging, `link-${randomBytes(6).toString("hex")}`);
    symlinkSync(target, temporary);
    renameSync(temporary, path);
  } catch (error) {
    pool.site.env.log.debug(`${pool.where}: no link ${path}: ${messageOf(error)}`);
  }
}

/** Removes the link of a name, if it still points at this object. */
export function dropLink(pool: OpenPool, name: string, uid: string): void {
  const path = join(pool.paths.volumes, name);
  try {
    const target = readlinkSync(path);
    if ([diskName, treeName].some((carrier) => target === linkTarget(uid, carrier))) unlinkSync(path);
  } catch {
    // There is none, which is what was wanted
  }
}

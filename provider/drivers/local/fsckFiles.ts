import { randomBytes } from "node:crypto";
import { chmodSync, lstatSync, readdirSync, readlinkSync, renameSync } from "node:fs";
import { join } from "node:path";
import { isUid } from "../requests";
import { carrierFound } from "./carrier";
import { systemCode } from "./errors";
import { diskAccess, readOnlyMode, setAccess } from "./fileMode";
import { type Check, report } from "./findings";
import { copyPath, diskPath, objectFolder, treeName, treePath } from "./layout";
import { dropLink, linkTarget, pointLink } from "./links";
import type { OpenPool } from "./openPool";
import { closeFile, openDisk } from "./safeFiles";
import { isAlive } from "./sessions";
import { diskFileOf } from "./stage";
import { removeFolder } from "./treeTools";

interface Named {
  uid: string;
  name: string;
  phase: string;
  kind: string;
}

/** Modes, links for people, and what was left in staging. */
export async function checkFiles(pool: OpenPool, check: Check): Promise<void> {
  const rows = pool.database
    .sql("SELECT uid, name, phase, kind FROM objects WHERE session IS NULL ORDER BY uid")
    .all() as Named[];
  for (const row of rows) await checkModes(pool, row, check);
  await checkLinks(pool, rows, check);
  await checkStaging(pool, check);
}

async function checkModes(pool: OpenPool, row: Named, check: Check): Promise<void> {
  const folder = objectFolder(pool.paths, row.uid);
  const folderStats = lstatSync(folder, { throwIfNoEntry: false });
  if (!folderStats?.isDirectory()) return;
  const carrier = carrierFound(pool.paths, row.uid);
  const isReadOnly = row.kind === "snapshot" || row.phase !== "live";
  await checkMode(folder, folderStats.mode, carrier === treeName && isReadOnly ? 0o700 : 0o711, row, check);
  const copy = copyPath(pool.paths, row.uid);
  const copyStats = lstatSync(copy, { throwIfNoEntry: false });
  if (copyStats?.isFile()) await checkMode(copy, copyStats.mode, 0o600, row, check);
  if (carrier === treeName) return checkTreeMode(pool, row, check);
  const disk = diskFileOf(pool.paths, row.uid);
  const access = diskAccess(pool.site.options);
  const wanted = isReadOnly ? readOnlyMode : access.writable;
  if (!disk || (disk.mode & 0o7777) === wanted) return;
  await report(check, row.uid, `${row.name}: its disk has mode ${octal(disk.mode)} instead of ${octal(wanted)}`, () => {
    const { descriptor, stats } = openDisk(diskPath(pool.paths, row.uid), "read");
    try {
      setAccess(descriptor, stats, access, isReadOnly);
    } finally {
      closeFile(descriptor);
    }
  });
}

/** A share is its user's to give modes to; a snapshot of one is nobody's to write in. */
async function checkTreeMode(pool: OpenPool, row: Named, check: Check): Promise<void> {
  const tree = treePath(pool.paths, row.uid);
  const stats = lstatSync(tree, { throwIfNoEntry: false });
  if (stats && row.kind === "snapshot") await checkMode(tree, stats.mode, 0o500, row, check);
}

async function checkMode(path: string, mode: number, wanted: number, row: Named, check: Check): Promise<void> {
  if ((mode & 0o7777) === wanted) return;
  await report(check, row.uid, `${row.name}: ${path} has mode ${octal(mode)} instead of ${octal(wanted)}`, () =>
    chmodSync(path, wanted),
  );
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8);
}

async function checkLinks(pool: OpenPool, rows: Named[], check: Check): Promise<void> {
  const live = new Map(rows.filter((row) => row.phase === "live").map((row) => [row.name, row.uid]));
  for (const name of readdirSync(pool.paths.volumes)) {
    const path = join(pool.paths.volumes, name);
    const found = linkAt(path);
    if (!found) continue;
    const { target } = found;
    const uid = target === undefined ? undefined : /^\.\.\/data\/([a-f0-9]{32})\/(?:disk\.raw|tree)$/.exec(target)?.[1];
    if (uid === undefined) {
      await report(check, path, "something that KRStorage did not make is among the links; it is left as it is");
    } else if (live.get(name) !== uid && !isLive(pool, name, uid)) {
      await report(check, path, "the link is of an object that is not live under this name", () =>
        dropLink(pool, name, uid),
      );
    }
  }
  for (const [name, uid] of live) {
    const path = join(pool.paths.volumes, name);
    const target = linkTarget(uid, carrierFound(pool.paths, uid));
    if (linkOrNone(path) === target || !isLive(pool, name, uid)) continue;
    await report(check, path, `the link of ${name} is missing or points elsewhere`, () => {
      pointLink(pool, name, target);
      if (linkOrNone(path) !== target) throw new Error("something else stands in its place");
    });
  }
}

/** What was read at first may have been changed since by another process. */
function isLive(pool: OpenPool, name: string, uid: string): boolean {
  return (
    pool.database.sql("SELECT 1 FROM objects WHERE uid = ? AND name = ? AND phase = 'live'").get(uid, name) !==
    undefined
  );
}

function linkOrNone(path: string): string | undefined {
  return linkAt(path)?.target;
}

/** Where a link points, nothing for what is no link; undefined where nothing is, perhaps since a moment ago. */
function linkAt(path: string): { target?: string } | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? { target: readlinkSync(path) } : {};
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Files that a living process may just be writing are told by their session, or by their age. */
const restMs = 3_600_000;

async function checkStaging(pool: OpenPool, check: Check): Promise<void> {
  for (const name of readdirSync(pool.paths.staging)) {
    const path = join(pool.paths.staging, name);
    const session = /^(?:copy|gone)-([a-f0-9]{24})-/.exec(name)?.[1];
    const remove = () => removeFolder(path);
    if (isUid(name)) {
      if (hasRow(pool, name)) continue; // an operation under way; what is unfinished was looked at before
      await report(check, path, "what a process left in staging belongs to no object", async () => {
        // In a transaction nobody can begin with this uid
        const aside = join(pool.paths.staging, `gone-${pool.session().id}-${randomBytes(6).toString("hex")}`);
        await pool.change(check.call, () => {
          if (!hasRow(pool, name)) renameSync(path, aside);
        });
        await removeFolder(aside);
      });
    } else if (session !== undefined) {
      if (session !== pool.sessionId && !isAlive(pool.paths.sessions, session))
        await report(check, path, "a process that has ended left a file in staging", remove);
    } else if (/^(marker|link|probe)-/.test(name)) {
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats && Date.now() - stats.mtimeMs > restMs)
        await report(check, path, "a process that has ended left a file in staging", remove);
    } else {
      await report(check, path, "something that KRStorage did not make is in staging; it is left as it is");
    }
  }
}

function hasRow(pool: OpenPool, uid: string): boolean {
  return pool.database.sql("SELECT 1 FROM objects WHERE uid = ?").get(uid) !== undefined;
}

import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { KrStorageError, messageOf } from "../../provider/model/errors";

const ownerOnly = 0o600;

/**
 * Writes a file that may hold credentials: 0600, whole or not at all, durable. Throws ALREADY_EXISTS where one is, unless it is
 * to be replaced; a link is followed, so that what it points to is replaced and not the link.
 */
export function writePrivateFile(path: string, text: string, mode: "new" | "replace"): void {
  const target = mode === "replace" ? existing(path) : path;
  if (mode === "replace") requirePlain(target, path);
  const staged = `${target}.${randomBytes(6).toString("hex")}.new`;
  try {
    writeStaged(staged, text);
    if (mode === "replace") renameSync(staged, target);
    else linkSync(staged, target); // fails where the name is taken; a rename would not
    syncFolder(dirname(target));
  } catch (error) {
    throw isTaken(error)
      ? new KrStorageError("ALREADY_EXISTS", `${path} exists already and was left as it is; name another file`)
      : new KrStorageError("PERMISSION_DENIED", `${path} cannot be written: ${messageOf(error)}`);
  } finally {
    rmSync(staged, { force: true });
  }
}

/** A device or a folder is never put out of its place: /dev/null replaced by a file would break the machine. */
function requirePlain(target: string, path: string): void {
  const stats = lstatSync(target, { throwIfNoEntry: false });
  if (!stats || stats.isFile()) return;
  throw new KrStorageError("PERMISSION_DENIED", `${path} is no plain file and was left as it is; name another file`);
}

function writeStaged(path: string, text: string): void {
  const descriptor = openSync(path, "wx", ownerOnly);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function existing(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // not there yet
  }
}

function syncFolder(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isTaken(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "EEXIST";
}

import { fstatSync, lstatSync } from "node:fs";
import { KrStorageError } from "../../model/errors";
import type { Image } from "../../model/image";
import { exactBytes, formatBytes } from "../../model/quantity";
import type { Call } from "../driver";
import { copyDisk } from "./copyDisk";
import { systemCode, throwIfCancelled } from "./errors";
import { holdersOfFile } from "./holders";
import { closeFile, type OpenFile, openForeign } from "./safeFiles";

/** The size of a file that a volume could be made from. Its bytes are never looked at: what they are was said. */
export async function inspectImage(image: Image): Promise<{ sizeBytes: number }> {
  const { descriptor, stats } = open(image);
  try {
    await requireIdle(image, stats);
    return { sizeBytes: stats.size };
  } finally {
    closeFile(descriptor);
  }
}

/** Copies a file that is not ours into a new disk, and makes sure that the copy is whole and of one moment. The file stays as it is. */
export async function copyImage(
  image: Image,
  target: string,
  request: { sizeBytes: number; what: string; call: Call },
): Promise<void> {
  const { sizeBytes, what, call } = request;
  const { descriptor, stats: before } = open(image);
  try {
    if (before.size > sizeBytes) throw tooLarge(image, before.size, sizeBytes, what);
    await requireIdle(image, before);
    throwIfCancelled(call.signal, "copying to", what);
    // On another file system blocks cannot be shared, whatever ours can
    const { signal, progress } = call;
    await copyDisk({ source: descriptor, sourcePath: image.path, target, mustShare: false, signal, progress });
    await requireIdle(image, before);
    const after = fstatSync(descriptor);
    if (after.mtimeMs !== before.mtimeMs || after.size !== before.size) throw written(image, what);
    if (lstatSync(target).size < before.size)
      throw new KrStorageError("INTERNAL", `${what}: the copy of ${image.path} is not whole; it was discarded`, {
        target: what,
      });
  } finally {
    closeFile(descriptor);
  }
}

function open(image: Image): OpenFile {
  try {
    return openForeign(image.path);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new KrStorageError("NOT_FOUND", `there is no file ${image.path} on the backend's host`, {
        target: image.path,
      });
    if (code === "ELOOP")
      throw new KrStorageError("INVALID_ARGUMENT", `${image.path} is a symbolic link; name the file itself`, {
        target: image.path,
      });
    throw error;
  }
}

async function requireIdle(image: Image, stats: { dev: number; ino: number }): Promise<void> {
  const writers = (await holdersOfFile(stats)).filter((holder) => holder.writes);
  if (writers.length === 0) return;
  throw new KrStorageError(
    "IN_USE",
    `${image.path} cannot be taken in: it is open for writing by ${writers.map((holder) => holder.name).join(", ")}, so a copy would be torn; stop that first`,
    { target: image.path },
  );
}

function tooLarge(image: Image, size: number, sizeBytes: number, what: string): KrStorageError {
  const message = `${formatBytes(sizeBytes)} is less than the ${formatBytes(size)} of ${image.path}; give ${exactBytes(size)} or more`;
  return new KrStorageError("INVALID_ARGUMENT", `${what} cannot be made: ${message}`, {
    target: what,
    issues: [{ path: "sizeBytes", message }],
  });
}

function written(image: Image, what: string): KrStorageError {
  return new KrStorageError(
    "IN_USE",
    `${what} was not made: something wrote to ${image.path} while it was copied; stop that first`,
    { target: image.path },
  );
}

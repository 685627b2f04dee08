import { fstatSync } from "node:fs";
import { KrStorageError } from "../model/errors";
import type { Image } from "../model/image";
import { exactBytes, formatBytes } from "../model/quantity";
import type { Call } from "./driver";
import { systemCode, throwIfCancelled } from "./local/errors";
import { holdersOfFile } from "./local/holders";
import { closeFile, type OpenFile, openForeign } from "./local/safeFiles";

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

/**
 * Has a file that is not ours copied, and makes sure that the copy is of one moment. `copy` reads the open file, never the path:
 * something else may stand there by then. The file stays as it is.
 */
export async function copyImageFile(
  image: Image,
  { sizeBytes, what, call }: { sizeBytes: number; what: string; call: Call },
  copy: (file: OpenFile) => Promise<void>,
): Promise<void> {
  const file = open(image);
  const { descriptor, stats: before } = file;
  try {
    if (before.size > sizeBytes) throw tooLarge(image, before.size, sizeBytes, what);
    await requireIdle(image, before);
    throwIfCancelled(call.signal, "copying to", what);
    await copy(file);
    await requireIdle(image, before);
    const after = fstatSync(descriptor);
    if (after.mtimeMs !== before.mtimeMs || after.size !== before.size) throw written(image, what);
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
    if (code === "EACCES" || code === "EPERM")
      throw new KrStorageError(
        "PERMISSION_DENIED",
        `${image.path} cannot be read by the user that KRStorage runs as; give it read access`,
        { target: image.path },
      );
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

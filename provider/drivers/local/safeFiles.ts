import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import { KrStorageError } from "../../model/errors";

/** Descriptors of this process that the driver itself has open: what it reads or writes is no foreign use of a disk. */
const ownDescriptors = new Set<number>();
export function isOwnDescriptor(descriptor: number): boolean {
  return ownDescriptors.has(descriptor);
}

/** The user this process acts as; undefined where the platform has no such thing. */
export function currentUser(): number | undefined {
  return process.geteuid?.();
}

/** What is wrong with a file where a disk is expected, as a sentence, or undefined. */
export function diskProblem(stats: Stats): string | undefined {
  if (stats.isSymbolicLink()) return "a symbolic link stands where its disk belongs; it was not followed";
  if (!stats.isFile()) return "something that is not a regular file stands where its disk belongs";
  if (stats.nlink === 0) return "its disk was removed while it was being opened";
  if (stats.nlink !== 1)
    return `its disk has ${stats.nlink} names (hard links), so someone else may reach it; remove the other one`;
  // Whose it is does not matter: a hypervisor makes the disks it runs its own, and nobody else can put one into our folder
  return undefined;
}

/** What is wrong with a folder of a pool, as a sentence, or undefined. */
export function folderProblem(path: string, stats: Stats | undefined): string | undefined {
  if (!stats) return `${path} is missing`;
  if (stats.isSymbolicLink()) return `${path} is a symbolic link; a folder is expected`;
  if (!stats.isDirectory()) return `${path} is not a folder`;
  if (currentUser() !== undefined && stats.uid !== currentUser())
    return `${path} belongs to user ${stats.uid}, not to ${currentUser()}`;
  if ((stats.mode & 0o022) !== 0)
    return `${path} can be written by others (mode ${(stats.mode & 0o777).toString(8)}); chmod go-w it`;
  return undefined;
}

/** Throws unless `path` is a folder of ours that nobody else can write. */
export function requireFolder(path: string): void {
  const problem = folderProblem(path, lstatSync(path, { throwIfNoEntry: false }));
  if (problem) throw new KrStorageError("PRECONDITION_FAILED", problem, { target: path });
}

export interface OpenFile {
  descriptor: number;
  stats: Stats;
}

/** Opens a disk that is there, following nothing. Throws PRECONDITION_FAILED for anything but a regular file of ours with one name. */
export function openDisk(path: string, mode: "read" | "write"): OpenFile {
  const access = mode === "read" ? constants.O_RDONLY : constants.O_RDWR;
  const descriptor = openBelow(dirname(path), basename(path), access);
  ownDescriptors.add(descriptor);
  try {
    const stats = fstatSync(descriptor);
    const problem = diskProblem(stats);
    if (problem) throw new KrStorageError("PRECONDITION_FAILED", `${path}: ${problem}`, { target: path });
    return { descriptor, stats };
  } catch (error) {
    closeFile(descriptor);
    throw error;
  }
}

/** Opens somebody else's file for reading. Throws INVALID_ARGUMENT for anything but a regular file; a link in its place is not followed. */
export function openForeign(path: string): OpenFile {
  const descriptor = openBelow(dirname(path), basename(path), constants.O_RDONLY);
  ownDescriptors.add(descriptor);
  const stats = fstatSync(descriptor);
  if (stats.isFile()) return { descriptor, stats };
  closeFile(descriptor);
  throw new KrStorageError("INVALID_ARGUMENT", `${path} is not a regular file`, { target: path });
}

/** Opens a file in a folder, following a link in the place of neither. */
function openBelow(folder: string, name: string, access: number): number {
  // Without O_NONBLOCK a planted pipe would hang the open
  const flags = access | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    // By the open folder, so that nobody can exchange it in between
    return openSync(process.platform === "linux" ? `/proc/self/fd/${handle}/${name}` : join(folder, name), flags);
  } finally {
    closeSync(handle);
  }
}

/** Makes a file that must not be there yet. */
export function makeFile(path: string): number {
  const descriptor = openSync(
    path,
    constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  ownDescriptors.add(descriptor);
  return descriptor;
}

export function closeFile(descriptor: number): void {
  ownDescriptors.delete(descriptor);
  closeSync(descriptor);
}

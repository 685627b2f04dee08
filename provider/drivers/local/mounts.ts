import { readFileSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { readdirOrNone, readOrNone } from "./procFiles";

/** A mounted file system, or a part of one, as a process sees it. */
export interface Mount {
  /** `major:minor`, as the kernel has it; btrfs gives files other numbers. */
  device: string;
  /** What of the file system is mounted: a path within it. */
  root: string;
  /** Where. */
  path: string;
}

/** Reads /proc/<pid>/mountinfo. */
export function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [, , device, root, path] = line.split(" ");
    return device === undefined || root === undefined || path === undefined
      ? []
      : [{ device, root: unescaped(root), path: unescaped(path) }];
  });
}

/** Spaces, tabs, newlines and backslashes stand as three octal digits. The bytes of other characters stand as they are. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Where a path is in the file system that it is on. */
export function placeOf(path: string, mounts: Mount[]): { device: string; path: string } | undefined {
  const found = mountUnder(path, mounts);
  return found && { device: found.device, path: join(found.root, relative(found.path, path)) };
}

function mountUnder(path: string, mounts: Mount[]): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts)
    if (isBelow(path, mount.path) && mount.path.length >= (found?.path.length ?? 0)) found = mount; // the last one hides the others
  return found;
}

/** Where the file system is mounted that a path is on. */
export function mountPointOf(path: string): string | undefined {
  return mountUnder(path, parseMounts(readOrNone("/proc/self/mountinfo")))?.path;
}

/** The mounts, in any namespace that can be seen, that show a folder or something in it, or stand in it. */
export function mountsOf(folder: string): Mount[] {
  const own = parseMounts(readOrNone("/proc/self/mountinfo"));
  const place = placeOf(folder, own);
  const shows = (mount: Mount) =>
    (place !== undefined && mount.device === place.device && isBelow(mount.root, place.path)) ||
    isBelow(mount.path, folder);
  const seen = new Set<string>();
  return namespaces().flatMap((text) =>
    parseMounts(text).filter((mount) => {
      const key = `${mount.device} ${mount.root} ${mount.path}`;
      if (!shows(mount) || seen.has(key)) return false;
      seen.add(key);
      return true;
    }),
  );
}

/** The device numbers that the kernel, and not stat, gives the file system under a path. */
export function kernelDeviceOf(path: string): string | undefined {
  return placeOf(path, parseMounts(readOrNone("/proc/self/mountinfo")))?.device;
}

/** The mounts of each mount namespace that some process is in. */
function namespaces(): string[] {
  const known = new Map<string, string>();
  for (const pid of readdirOrNone("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const name = readlinkSync(`/proc/${pid}/ns/mnt`);
      if (!known.has(name)) known.set(name, readFileSync(`/proc/${pid}/mountinfo`, "utf8"));
    } catch {
      // Gone meanwhile, or not ours to see
    }
  }
  return [...known.values()];
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

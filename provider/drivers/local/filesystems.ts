import { statfsSync } from "node:fs";

/** File systems by the number that statfs gives. */
const names: Record<number, string> = {
  61267: "ext4", // 0xef53; ext2 and ext3 have the same
  1481003842: "xfs",
  2435016766: "btrfs",
  801189825: "zfs",
  16914836: "tmpfs",
  2035054128: "overlay",
  26985: "nfs",
  4283649346: "cifs",
  1702057286: "fuse",
  12805120: "ceph",
};

/** The file system that a path is on: its number, and its name where that is known. Undefined where the system does not tell. */
export function filesystemOf(path: string): { magic: number; name: string | undefined } | undefined {
  if (process.platform !== "linux") return undefined;
  const magic = statfsSync(path).type;
  return { magic, name: names[magic] };
}

/**
 * Whether files on a file system can share blocks, as far as its name alone tells. Undefined where it depends: xfs on how it was
 * formatted, zfs on its version and settings, those that stand on others on these.
 */
export function sharesBlocksBy(name: string | undefined): boolean | undefined {
  if (name === "btrfs") return true;
  return name === "ext4" || name === "tmpfs" ? false : undefined;
}

/** What a pool stands on, for messages: the name of its file system, and what another of that name could do and this one cannot. */
export function mediumOf(path: string, sharesBlocks: boolean): string | undefined {
  const name = filesystemOf(path)?.name;
  return name === undefined || sharesBlocks || sharesBlocksBy(name) === false ? name : `${name} without reflinks`;
}

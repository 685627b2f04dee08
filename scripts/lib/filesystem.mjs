// Which file system a folder lies on, by the number the kernel gives it (statfs(2), Linux only).
import { statfsSync } from "node:fs";

const names = new Map([
  [0xef53, "ext4"],
  [0x58465342, "xfs"],
  [0x9123683e, "btrfs"],
  [0x2fc12fc1, "zfs"],
  [0x794c7630, "overlay"],
  [0x01021994, "tmpfs"],
  [0x6969, "nfs"],
  [0x65735546, "fuse"],
  [0xff534d42, "cifs"],
  [0xfe534d42, "smb2"],
  [0x01021997, "9p"],
  [0xf2f52010, "f2fs"],
  [0xf15f, "ecryptfs"],
  [0x00c36400, "ceph"],
]);

/** What the local driver takes without being asked: file systems of one host whose fsync and rename it is tested on. */
const supported = ["ext4", "xfs", "btrfs", "zfs"];

/** The file system's name, or its number as "0x…" where it has none here. */
export function filesystemOf(folder) {
  const type = statfsSync(folder).type >>> 0; // Node gives some numbers with their sign
  return names.get(type) ?? `0x${type.toString(16)}`;
}

/** The name to allow in a backend's `allowFilesystem`, or undefined where the driver needs no permission. */
export function filesystemToAllow(folder) {
  if (process.platform !== "linux") return undefined;
  const name = filesystemOf(folder);
  return supported.includes(name) ? undefined : name;
}

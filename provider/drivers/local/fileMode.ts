import { fchmodSync, fchownSync, readFileSync, type Stats } from "node:fs";
import { KrStorageError } from "../../model/errors";
import { isTree } from "./carrier";
import type { Entry } from "./entry";
import type { LocalOptions } from "./options";
import { currentUser } from "./safeFiles";

/** Who may use a disk: its owner, and the configured group. Set on the open file, since the usual umask lets everybody read. */
export interface DiskAccess {
  writable: number;
  groupId: number | undefined;
}
/** Of snapshots and of what is in the trash: nobody writes those. */
export const readOnlyMode = 0o400;

/** Of the folder around an object's bytes: whoever has the path gets through, but not to a tree that is a snapshot or in the trash. */
export function folderModeOf({ kind, record }: Pick<Entry, "kind" | "record">, isTrashed: boolean): number {
  return isTree(record) && (isTrashed || kind === "snapshot") ? 0o700 : 0o711;
}

export function diskAccess(options: LocalOptions): DiskAccess {
  if (options.group === undefined) return { writable: 0o600, groupId: undefined };
  return { writable: 0o660, groupId: groupIdOf(options.group) };
}

/** Gives an open disk its mode, and its group where one is configured. A disk that a hypervisor has made its own may be out of our reach. */
export function setAccess(descriptor: number, stats: Stats, access: DiskAccess, isReadOnly: boolean): void {
  const user = currentUser();
  if (user !== undefined && user !== 0 && stats.uid !== user) return;
  const mode = isReadOnly ? readOnlyMode : access.writable;
  if (access.groupId !== undefined && !isReadOnly && stats.gid !== access.groupId)
    fchownSync(descriptor, stats.uid, access.groupId);
  if ((stats.mode & 0o7777) !== mode) fchmodSync(descriptor, mode);
}

function groupIdOf(group: string): number {
  if (/^\d{1,10}$/.test(group)) return Number(group);
  for (const line of readFileSync("/etc/group", "utf8").split("\n")) {
    const [name, , id] = line.split(":");
    if (name === group && id !== undefined) return Number(id);
  }
  throw new KrStorageError(
    "INVALID_ARGUMENT",
    `there is no group "${group}" on this machine; set the backend's \`group\` to one that /etc/group has, or to a number`,
    {
      issues: [{ path: "group", message: `there is no group "${group}"` }],
    },
  );
}

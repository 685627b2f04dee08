import { quote } from "../../model/names";
import type { Holder } from "../driver";
import { isCopier } from "./copyDisk";
import { kernelDeviceOf, mountsOf } from "./mounts";
import { keyOf, processName, readdirOrNone, readOrNone, statOrNone } from "./procFiles";
import type { Sightings } from "./sightings";
import { isWorker, walkTree } from "./treeTools";

/** How a process uses a folder, or has a file in its memory. Open files, locks and loop devices are looked at elsewhere. */
interface Use {
  pid: number;
  writes: boolean;
}

/**
 * What uses a share: open files and folders, locks, loop devices and memory maps below its tree, processes that are in it, and mounts
 * of it. A mount does not write: who writes through it has a file open. A floor, like everything that is looked up from outside.
 */
export async function treeHolders(tree: string, sightings: Sightings): Promise<Holder[]> {
  const uses = lookAtProcesses();
  const byName = new Map<string, boolean>();
  const note = (name: string, writes: boolean) => byName.set(name, (byName.get(name) ?? false) || writes);
  for (const { path } of mountsOf(tree)) note(`the mount ${quote(path, 200)}`, false);
  const kernelDevice = kernelDeviceOf(tree);
  await walkTree(tree, ({ device, inode }) => {
    const keys = new Set([keyOf({ dev: device, ino: inode }), ...(kernelDevice ? [`${kernelDevice}:${inode}`] : [])]);
    for (const key of keys) {
      for (const sighting of sightings.get(key) ?? [])
        if (sighting.pid === undefined || !isOurWorker(sighting.pid)) note(sighting.name(), sighting.writes());
      for (const { pid, writes } of uses.get(key) ?? []) if (!isOurWorker(pid)) note(processName(pid), writes);
    }
  });
  return [...byName].map(([name, writes]) => ({ name, writes }));
}

function lookAtProcesses(): Map<string, Use[]> {
  const found = new Map<string, Use[]>();
  const add = (key: string, use: Use) => {
    const others = found.get(key);
    if (others) others.push(use);
    else found.set(key, [use]);
  };
  for (const name of readdirOrNone("/proc")) {
    const pid = Number(name);
    if (!/^\d+$/.test(name) || isCopier(pid)) continue;
    for (const link of [`/proc/${pid}/cwd`, `/proc/${pid}/root`, ...descriptors(pid)]) {
      const stats = statOrNone(link);
      if (stats?.isDirectory()) add(keyOf(stats), { pid, writes: false });
    }
    lookAtMaps(pid, add);
  }
  return found;
}

/** Writable shared maps write without any open file, and without a time on the file that tells. */
function lookAtMaps(pid: number, add: (key: string, use: Use) => void): void {
  // 7f5a1c000000-7f5a1c021000 rw-s 00000000 fe:00 4711   /srv/file
  const pattern = /^[0-9a-f]+-[0-9a-f]+ (\S{4}) [0-9a-f]+ ([0-9a-f]+):([0-9a-f]+) (\d+)/;
  for (const line of readOrNone(`/proc/${pid}/maps`).split("\n")) {
    const [, rights = "", major = "", minor = "", inode = "0"] = pattern.exec(line) ?? [];
    if (inode === "0") continue;
    const key = `${Number.parseInt(major, 16)}:${Number.parseInt(minor, 16)}:${inode}`;
    add(key, { pid, writes: rights[1] === "w" && rights[3] === "s" });
  }
}

/** A process that some process of ours has started to copy, walk or remove a tree. */
function isOurWorker(pid: number): boolean {
  return isCopier(pid) || isWorker(readOrNone(`/proc/${pid}/environ`));
}

function descriptors(pid: number): string[] {
  return readdirOrNone(`/proc/${pid}/fd`).map((descriptor) => `/proc/${pid}/fd/${descriptor}`);
}

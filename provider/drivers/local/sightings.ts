import { existsSync, readlinkSync } from "node:fs";
import { isCopier } from "./copyDisk";
import { systemCode } from "./errors";
import { keyOf, processName, readdirOrNone, readOrNone, statOrNone } from "./procFiles";
import { isOwnDescriptor } from "./safeFiles";
import { SharedLook } from "./sharedLook";

/** Someone who has a file open, locked, or behind a loop device. */
export interface Sighting {
  pid?: number;
  // Looked up only for the disk that is asked for
  name(): string;
  writes(): boolean;
}
/** By device and inode. */
export type Sightings = Map<string, Sighting[]>;

const look = new SharedLook(lookAround);

/** What a look at the whole system shows that begins after this call. */
export function sightings(): Promise<Sightings> {
  return look.ask();
}

function lookAround(): Sightings {
  const found: Sightings = new Map();
  for (const name of readdirOrNone("/proc")) if (/^\d+$/.test(name)) lookAtProcess(Number(name), found);
  lookAtLocks(found);
  lookAtLoopDevices(found);
  return found;
}

function lookAtProcess(pid: number, found: Sightings): void {
  if (isCopier(pid)) return;
  const isOwn = pid === process.pid;
  for (const descriptor of readdirOrNone(`/proc/${pid}/fd`)) {
    if (isOwn && isOwnDescriptor(Number(descriptor))) continue;
    const link = `/proc/${pid}/fd/${descriptor}`;
    let target: string;
    try {
      target = readlinkSync(link);
    } catch (error) {
      if (systemCode(error) === "EACCES") return; // then none of what it has open is ours to see
      continue; // closed meanwhile
    }
    if (!target.startsWith("/") || target.startsWith("/dev/") || target.startsWith("/proc/")) continue;
    const stats = statOrNone(link);
    if (!stats?.isFile()) continue;
    add(found, keyOf(stats), { name: () => processName(pid), pid, writes: () => writesTo(pid, descriptor) });
  }
}

function lookAtLocks(found: Sightings): void {
  // 12: OFDLCK ADVISORY  WRITE -1 fe:00:4711 100 101
  const pattern = /^\d+: (?:-> )?\S+\s+\S+\s+(READ|WRITE|RW)\s+(-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /;
  for (const line of readOrNone("/proc/locks").split("\n")) {
    const match = pattern.exec(line);
    if (!match) continue;
    const [type, pid] = [match[1], Number(match[2])];
    const key = `${Number.parseInt(match[3] ?? "", 16)}:${Number.parseInt(match[4] ?? "", 16)}:${match[5]}`;
    if (found.get(key)?.some((sighting) => sighting.pid === pid)) continue;
    const name = () => (pid > 0 ? processName(pid) : "a process that holds a lock on it");
    if (pid <= 0 && found.has(key)) continue; // locks of open files have no process; its descriptor was seen
    add(found, key, { name, pid, writes: () => type !== "READ" });
  }
}

function lookAtLoopDevices(found: Sightings): void {
  for (const device of readdirOrNone("/sys/block")) {
    if (!/^loop\d+$/.test(device)) continue;
    if (!existsSync(`/sys/block/${device}/loop`)) continue; // bound to nothing
    const path = readOrNone(`/sys/block/${device}/loop/backing_file`).replace(/\n$/, "");
    const stats = path === "" ? undefined : statOrNone(path);
    if (!stats) continue;
    add(found, keyOf(stats), {
      name: () => `/dev/${device}`,
      writes: () => readOrNone(`/sys/block/${device}/ro`).trim() !== "1",
    });
  }
}

function add(found: Sightings, key: string, sighting: Sighting): void {
  const others = found.get(key);
  if (others) others.push(sighting);
  else found.set(key, [sighting]);
}

function writesTo(pid: number, descriptor: string): boolean {
  const flags = /^flags:\s*([0-7]+)/m.exec(readOrNone(`/proc/${pid}/fdinfo/${descriptor}`))?.[1];
  // Gone or unreadable: taken for a writer, which is the side that loses nothing
  return flags === undefined || (Number.parseInt(flags, 8) & 3) !== 0;
}

import { readdirSync, readFileSync, type Stats, statSync } from "node:fs";

// What /proc and /sys tell. Everything in them may be gone, or not ours to see: then it says nothing.

/** `major:minor:inode`, as /proc/locks has it. */
export function keyOf(stats: { dev: number; ino: number | string }): string {
  const major = (stats.dev >>> 8) & 0xfff;
  const minor = (stats.dev & 0xff) | ((stats.dev >>> 12) & 0xfff00);
  return `${major}:${minor}:${stats.ino}`;
}

/** A process as a person would name it: "process 4711 (qemu-system-x86)". */
export function processName(pid: number): string {
  const name = readOrNone(`/proc/${pid}/comm`).trim();
  return name === "" ? `process ${pid}` : `process ${pid} (${name})`;
}

export function readdirOrNone(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

export function readOrNone(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

export function statOrNone(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

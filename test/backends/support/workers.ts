import { readFileSync } from "node:fs";

/** The processes below one that are workers of a driver, the youngest first. */
export function workersOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
  return children
    .filter((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes("krstorage.table"))
    .reverse();
}

import { descendantsOf } from "../../engine/support/processes";

/** The processes by which drivers of this process speak to clusters. */
export function driverProcesses(): number[] {
  return descendantsOf(process.pid)
    .filter(({ command }) => command.includes("python3 -I -c") && command.includes("ThreadPoolExecutor"))
    .map(({ pid }) => pid);
}

// The CPU time of programs that we have run to their end, with everything that they started and waited for.
import { readFileSync } from "node:fs";

const msPerTick = 10; // The kernel counts in hundredths of a second for everyone

/** What our ended children have used so far, in ms; undefined where the system does not say so (other than Linux). */
export function childrenCpuMs() {
  if (process.platform !== "linux") return undefined;
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) * msPerTick; // cutime, cstime
}

// The CPU time of programs that we have run to their end, with everything that they started and waited for.
import { readFileSync } from "node:fs";

const msPerTick = 10; // The kernel counts in hundredths of a second for everyone

/** What our ended children have used so far, in ms; undefined where the system does not say so (other than Linux). */
export function childrenCpuMs() {
  if (process.platform !== "linux") return undefined;
  const fields = statOf("self");
  return (Number(fields[13]) + Number(fields[14])) * msPerTick; // cutime, cstime
}

/** What a running process has used so far by itself, in ms. Linux only. */
export function processCpuMs(pid) {
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) * msPerTick; // utime, stime
}

function statOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

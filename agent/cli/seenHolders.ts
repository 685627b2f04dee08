import { readFileSync } from "node:fs";
import type { Holder } from "../../provider/drivers/driver";
import type { Session } from "./session";

/**
 * What the backend sees using an object now, without what this very command has inherited: a shell that has a disk open hands it
 * on to `npm exec` and to us. Whom it was inherited from is named.
 */
export async function seenHolders(session: Session, id: string): Promise<Holder[]> {
  return withoutHeirs(await session.library.holders(id), lineOf(process.pid, parentOf));
}

/** The processes of a line of descent whose parent uses the object too are left out. `line` begins with the youngest. */
export function withoutHeirs(holders: Holder[], line: number[]): Holder[] {
  const pids = new Set(holders.map(pidOf));
  return holders.filter((holder) => {
    const at = line.indexOf(pidOf(holder) ?? Number.NaN);
    return at < 0 || !pids.has(line[at + 1]);
  });
}

/** Drivers name a process "process 4711 (qemu)". */
function pidOf({ name }: Holder): number | undefined {
  const digits = /^process (\d+)\b/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** A process, its parent, and so on. */
function lineOf(pid: number, parent: (pid: number) => number | undefined): number[] {
  const line: number[] = [];
  for (let at: number | undefined = pid; at !== undefined && at > 0 && !line.includes(at); at = parent(at))
    line.push(at);
  return line;
}

/** Undefined where the system does not tell. */
function parentOf(pid: number): number | undefined {
  if (pid === process.pid) return process.ppid;
  try {
    // 4711 (a name, which may have brackets) S 4710 …
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

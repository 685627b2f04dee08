import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Threads } from "./actor";

/** Every system call by which a program can change what is on a disk. Of `openat` only those that may make a file count. */
export const changingCalls = [
  "write",
  "pwrite64",
  "pwritev",
  "fsync",
  "fdatasync",
  "sync_file_range",
  "rename",
  "renameat",
  "renameat2",
  "link",
  "linkat",
  "unlink",
  "unlinkat",
  "mkdir",
  "mkdirat",
  "rmdir",
  "truncate",
  "ftruncate",
  "fallocate",
  "fchmod",
  "chmod",
  "fchmodat",
  "fchown",
  "chown",
  "symlink",
  "symlinkat",
  "copy_file_range",
  "utimensat",
  "openat",
] as const;
export type ChangingCall = (typeof changingCalls)[number];

/** One place in a run: thread, call, and the how-manyeth of that thread it is since tracing began. */
export interface Place {
  thread: keyof Threads;
  call: ChangingCall;
  nth: number;
}

export interface Tracer {
  /** Ends the tracing of a process that lives; for one that is dead it has ended. */
  stop(): Promise<void>;
}

/** Attaches to one thread of a process that waits, so that it is killed (or its call fails) just before a place. */
export function killBefore(threads: Threads, place: Place): Promise<Tracer> {
  return injectAt(threads, place, `signal=KILL:when=${place.nth}`);
}
/** Attaches likewise, so that the call fails there and from there on, until tracing stops. */
export function failFrom(threads: Threads, place: Place, errno: string): Promise<Tracer> {
  return injectAt(threads, place, `error=${errno}:when=${place.nth}+`);
}

function injectAt(threads: Threads, { thread, call }: Place, what: string): Promise<Tracer> {
  const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:${what}`];
  return attach(["-o", "/dev/null", ...inject, "-p", String(threads[thread])], [threads[thread]]);
}

/** Watches a whole process, to learn which places a run of it has. */
export async function watch(threads: Threads): Promise<{ places(): Promise<Place[]> }> {
  const folder = mkdtempSync(join(tmpdir(), "krs-strace-"));
  const log = join(folder, "log");
  const tracer = await attach(
    ["-f", "-y", "-o", log, "-e", `trace=${changingCalls.join()}`, "-p", String(threads.main)],
    [threads.main, threads.pool],
  );
  return {
    async places() {
      await tracer.stop();
      const text = readFileSync(log, "utf8");
      rmSync(folder, { recursive: true });
      return placesIn(text, threads);
    },
  };
}

function placesIn(log: string, threads: Threads): Place[] {
  const counts = new Map<string, number>();
  const places: Place[] = [];
  for (const line of log.split("\n")) {
    const [, tid, call] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    const thread = Number(tid) === threads.main ? "main" : Number(tid) === threads.pool ? "pool" : undefined;
    if (!thread || !call) continue; // a child process, such as cp
    const nth = (counts.get(thread + call) ?? 0) + 1;
    counts.set(thread + call, nth);
    if (changesDisk(call, line)) places.push({ thread, call: call as ChangingCall, nth });
  }
  return places;
}

/** Whether a line is of a call that can change a disk: many writes go to pipes and the like, most opens make nothing. */
function changesDisk(call: string, line: string): boolean {
  if (call === "openat") return line.includes("O_CREAT");
  return !/^\d+ +write\(\d+<(pipe|socket|UNIX|anon_inode|\/dev)/.test(line);
}

async function attach(args: string[], tids: number[]): Promise<Tracer> {
  const strace = spawn("strace", ["-qq", ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(strace, "exit");
  let said = "";
  strace.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  while (!tids.every((tid) => tracerOf(tid) === strace.pid)) {
    if (strace.exitCode !== null) throw new Error(`strace ended: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return {
    async stop() {
      strace.kill("SIGINT"); // detaches
      await exited;
    },
  };
}

function tracerOf(tid: number): number | undefined {
  const status = readFileSync(`/proc/${tid}/status`, "utf8");
  return Number(/^TracerPid:\t(\d+)/m.exec(status)?.[1]);
}

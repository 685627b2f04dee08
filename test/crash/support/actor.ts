/**
 * A process that does what it is told, started by `Actor` in actors.ts. Each job gets the storage opened anew, as a program that
 * has just started would, and every step is answered before the next begins and before the storage is closed.
 */
import { readdirSync, statfsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { loadDriver } from "../../../provider/drivers/registry";
import { KrStorageError, openStorage, type StorageLibrary } from "../../../provider/storage";
import { perform, type Step } from "./steps";

/** What an actor is told: steps to do, whether they fail or not. */
export interface Job {
  path: string;
  owner: string;
  steps: Step[];
  /** Leaves the storage open for the next job, as a program that goes on running would. */
  keep?: boolean;
  /** Does all steps at once instead of one after the other. */
  together?: boolean;
}
/** What it answers: its threads once, then one outcome for each step, and the end of the job. */
export type Answer = { threads: Threads } | { outcome: Outcome } | { closed: true };
export type Outcome = { value: unknown } | { error: { code: string; message: string; outcome?: string } };
/** The two threads that make system calls for a program: its own, and the one of libuv's pool. */
export interface Threads {
  main: number;
  pool: number;
}

const opened = new Map<string, StorageLibrary>();

function openFor({ path, owner }: Job): StorageLibrary {
  const known = opened.get(owner);
  if (known) return known;
  const allowFilesystem = `0x${statfsSync(path).type.toString(16)}`;
  const storage = openStorage({
    backends: { main: { type: "local", path, allowFilesystem } },
    owner,
    stackId: "crash",
  });
  opened.set(owner, storage);
  return storage;
}

async function work(job: Job): Promise<void> {
  const storage = openFor(job);
  const outcomeOf = (step: Step) => perform(storage, job.path, step).then((value = null) => ({ value }), failure);
  if (job.together) for (const outcome of await Promise.all(job.steps.map(outcomeOf))) answer({ outcome });
  else for (const step of job.steps) answer({ outcome: await outcomeOf(step) });
  if (job.keep) return answer({ closed: true });
  opened.delete(job.owner);
  const closing = await storage.close().then(() => undefined, failure);
  answer(closing ? { outcome: closing } : { closed: true });
  if (closing) answer({ closed: true });
}

function failure(error: unknown): Outcome {
  const { code, outcome } = KrStorageError.isInstance(error) ? error : { code: "untyped", outcome: "unknown" };
  return { error: { code, outcome, message: error instanceof Error ? (error.stack ?? error.message) : String(error) } };
}

function answer(message: Answer): void {
  process.send?.(message);
}

/** With UV_THREADPOOL_SIZE=1, libuv starts its one thread with the first call that needs it. */
async function threads(): Promise<Threads> {
  const before = new Set(readdirSync("/proc/self/task"));
  await stat("/");
  const [pool] = readdirSync("/proc/self/task").filter((task) => !before.has(task));
  return { main: process.pid, pool: Number(pool ?? 0) };
}

process.on("message", (job: Job) => void work(job));
// The driver's module is loaded before the first job, so that a job's system calls are the operation's
void threads().then((found) => {
  loadDriver("local");
  require("@photostructure/sqlite");
  answer({ threads: found });
});

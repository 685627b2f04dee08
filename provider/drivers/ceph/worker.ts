import { constants } from "node:os";
import type { z } from "zod";
import { readAnswer } from "./answers";
import { cephError, cutOff } from "./errors";
import type { CephOptions } from "./options";
import { type Reply, WorkerProcess } from "./workerProcess";

/** What is there after it was done twice is what is there after once. */
const repeatable = new Set([
  // These only look
  "clock",
  "copy_read",
  "fsid",
  "image_id",
  "image_overlap",
  "image_roll_call",
  "image_snapshots",
  "image_watchers",
  "images",
  "monitors",
  "names",
  "pool_id",
  "sessions",
  "strangers",
  "subvolumes",
  "table_gen",
  "table_read",
  // By ids, or names that are never used twice
  "image_flatten",
  "image_grow",
  "snapshot_remove",
  "trash_move",
  "trash_remove",
]);

/**
 * The driver's connections to the cluster. Each is a process, which starts with the first request that needs it and anew with the next one
 * after it has died, or is of no use any more.
 */
export class Worker {
  private main: WorkerProcess | undefined;
  /** What is asked of the manager has a process of its own, which can be ended while others go on. */
  private managing: WorkerProcess | undefined;

  constructor(
    private readonly backend: string,
    private readonly options: CephOptions,
  ) {}

  /** One request. `what` and `target` are for the message of an error. Throws PROTOCOL if the answer is none. */
  async request<Result>(
    operation: string,
    args: Record<string, unknown>,
    schema: z.ZodType<Result>,
    what: string,
    target: string,
  ): Promise<Result> {
    const { answer, by } = await this.askOnceMore(operation, args, target);
    if (answer.error) throw cephError({ ...answer.error, isKeyRefused: by.isKeyRefused }, what, target);
    const about = { what, target, answer: "the cluster's answer", outcome: "unknown" as const };
    return readAnswer(schema, answer.result ?? null, about);
  }

  /** Waits for nothing that is under way: the processes finish it and end. */
  async close(): Promise<void> {
    for (const each of [this.main, this.managing]) each?.retire();
    this.main = undefined;
    this.managing = undefined;
  }

  /** Asks, and once more by another process where the first has died or been cut off, if that does no harm. */
  private async askOnceMore(
    operation: string,
    args: Record<string, unknown>,
    target: string,
  ): Promise<{ answer: Reply; by: WorkerProcess }> {
    const first = this.processFor(operation, target);
    try {
      const answer = await this.ask(first, operation, args, target);
      if (!isNumber(answer, cutOff) || !repeatable.has(operation)) return { answer, by: first };
    } catch (error) {
      if (!first.hasDied || !repeatable.has(operation)) throw error;
    }
    const second = this.processFor(operation, target);
    return { answer: await this.ask(second, operation, args, target), by: second };
  }

  private async ask(
    by: WorkerProcess,
    operation: string,
    args: Record<string, unknown>,
    target: string,
  ): Promise<Reply> {
    const answer = await by.ask(operation, args, target);
    // For this connection it stays like that for ever
    if (isNumber(answer, cutOff)) by.retire();
    // Ceph's library still has it, and may send it again when a manager is there: long after whoever asked has done something else
    if (operation === "manager" && isNumber(answer, constants.errno.ETIMEDOUT))
      by.lose("its manager did not answer in time: look at `ceph mgr stat`");
    return answer;
  }

  private processFor(operation: string, target: string): WorkerProcess {
    const key = operation === "manager" ? "managing" : "main";
    const known = this[key];
    if (known && !known.isLost) return known;
    const started = new WorkerProcess(this.backend, this.options, target);
    this[key] = started;
    return started;
  }
}

function isNumber({ error }: Reply, number: number): boolean {
  return error?.number != null && error.step === null && Math.abs(error.number) === number;
}

import { constants } from "node:os";
import type { z } from "zod";
import { readAnswer } from "./answers";
import { cephError, cutOff } from "./errors";
import type { CephOptions } from "./options";
import { type Reply, WorkerProcess } from "./workerProcess";

/** These only look: they are asked once more where the connection they were asked by turns out to be of no use. */
const looks = new Set([
  "clock",
  "copy_read",
  "fsid",
  "image_answers",
  "image_id",
  "image_overlap",
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
    let by = this.processFor(operation, target);
    let answer = await this.ask(by, operation, args, target);
    if (isNumber(answer, cutOff) && looks.has(operation)) {
      by = this.processFor(operation, target);
      answer = await this.ask(by, operation, args, target);
    }
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

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Answer, Job, Outcome, Threads } from "./actor";

/** How a process that was given a job came out of it. */
export interface Ended {
  outcomes: Outcome[];
  /** Undefined if it did all it was told and lives. */
  killedBy?: NodeJS.Signals | undefined;
}

/** A process that works on storage, seen from the test. */
export class Actor {
  private answers: ((answer: Answer | undefined) => void) | undefined;
  private readonly exited: Promise<unknown>;

  private constructor(
    private readonly child: ChildProcess,
    readonly threads: Threads,
  ) {
    this.exited = once(child, "exit");
    child.on("message", (message: Answer) => this.answers?.(message));
    void this.exited.then(() => this.answers?.(undefined));
  }

  /** Starts one that is ready for a job: its modules are loaded, its threads are there. */
  static async start(): Promise<Actor> {
    const child = fork(join(__dirname, "actor.js"), {
      env: { ...process.env, UV_THREADPOOL_SIZE: "1" },
      execArgv: [],
    });
    const [first] = (await Promise.race([
      once(child, "message"),
      once(child, "exit").then(() => {
        throw new Error("the process that was to work on storage could not start");
      }),
    ])) as [{ threads: Threads }];
    return new Actor(child, first.threads);
  }

  /** Gives it a job and waits until it has done it, or is dead. */
  do(job: Job): Promise<Ended> {
    return new Promise((resolve) => {
      const outcomes: Outcome[] = [];
      this.answers = (answer) => {
        if (answer && "outcome" in answer) {
          outcomes.push(answer.outcome);
          return;
        }
        this.answers = undefined;
        resolve(answer ? { outcomes } : { outcomes, killedBy: this.child.signalCode ?? "SIGABRT" });
      };
      if (this.child.connected) this.child.send(job);
      else this.answers(undefined);
    });
  }

  async end(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
    await this.exited;
  }
}

/** The value of every step. Throws what a step threw. */
export function valuesOf(ended: Ended, steps: number): unknown[] {
  if (ended.killedBy) throw new Error(`the process was ended by ${ended.killedBy}`);
  const values = ended.outcomes.map((outcome) => {
    if ("error" in outcome) throw new Error(outcome.error.message);
    return outcome.value;
  });
  if (values.length !== steps) throw new Error(`only ${values.length} of ${steps} steps were answered`);
  return values;
}

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import { KrStorageError } from "../../model/errors";
import type { CephOptions } from "./options";
import { program } from "./program";

/** How many requests a process works on at once. */
const threads = 16;
/** A request that is not answered this long after the cluster's own time-out has lost its process. */
const graceMs = 5_000;
/** These take as long as there are blocks. Each step of theirs is bounded by the cluster's own time-out. */
const longOperations = new Set([
  "image_clone",
  "image_flatten",
  "image_grow",
  "image_rollback",
  "image_write_file",
  "image_remove",
  "snapshot_remove",
  "trash_remove",
]);

const reply = z.object({
  id: z.int(),
  result: z.unknown().optional(),
  error: z.object({ number: z.int().nullable(), text: z.string(), step: z.string().nullable() }).optional(),
});
export type Reply = z.infer<typeof reply>;

interface Waiting {
  isLong: boolean;
  settle(reply: Reply): void;
  fail(error: KrStorageError): void;
}

/** One process that holds a connection to the cluster. It ends when its input does, so that nothing is left of it when this process is killed. */
export class WorkerProcess {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;
  /** The end of what it has written to its standard error: Ceph's libraries say there alone why they do not get in. */
  private complaint = "";
  /** Whether it takes no more requests. */
  isLost = false;
  /** Whether a fault of Ceph's libraries has ended it, or somebody. */
  hasDied = false;

  constructor(
    private readonly backend: string,
    private readonly options: CephOptions,
    /** What it was first needed for. */
    private readonly target: string,
  ) {
    // Isolated: neither the user's environment nor the current folder decide what is imported
    const child = spawn(options.python, ["-I", "-c", program], { stdio: ["pipe", "pipe", "pipe"] });
    this.child = child;
    child.stderr.on("data", (chunk) => {
      this.complaint = `${this.complaint}${chunk}`.slice(-4000);
    });
    child.on("error", (error) => this.lose(error.message));
    child.on("exit", (_code, signal) => {
      this.hasDied = signal !== null && !this.isLost;
      this.lose(lastWordIn(this.complaint) ?? `its process ended${signal === null ? "" : ` by ${signal}`}`);
    });
    child.stdin.on("error", () => undefined); // its exit says why
    createInterface({ input: child.stdout }).on("line", (line) => this.receive(line));
    child.stdin.write(`${JSON.stringify(settingsOf(options))}\n`);
  }

  ask(operation: string, args: Record<string, unknown>, target: string): Promise<Reply> {
    return new Promise((settle, fail) => {
      const id = this.nextId++;
      const isLong = longOperations.has(operation);
      const timer = isLong ? undefined : setTimeout(() => this.expire(id, target), this.limitMs);
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(id);
        if (this.waiting.size === 0) this.holdProcess(false);
      };
      this.waiting.set(id, {
        isLong,
        settle(answer) {
          done();
          settle(answer);
        },
        fail(error) {
          done();
          fail(error);
        },
      });
      this.holdProcess(true);
      this.child.stdin.write(`${JSON.stringify({ id, operation, args })}\n`);
    });
  }

  /** Whether its key was refused. A cluster that does so is asked again and again by Ceph's libraries until time is up. */
  get isKeyRefused(): boolean {
    return /handle_auth_bad_method|failed to decode key|keyring not found|no keyring found/.test(this.complaint);
  }

  /** It finishes what is under way and ends; nothing new begins. */
  retire(): void {
    this.isLost = true;
    this.child.stdin.end();
  }

  /** Ends it, and fails everything that waits for it: what it was doing may have been done. */
  lose(why: string): void {
    this.isLost = true;
    this.child.kill("SIGKILL");
    for (const { fail } of [...this.waiting.values()]) fail(this.lost(why, this.target));
  }

  private get limitMs(): number {
    return this.options.answerSeconds * 1000 + graceMs;
  }

  /** Gives a request up. With it the process, which hangs, unless it is also doing something that takes long. */
  private expire(id: number, target: string): void {
    const why = "the cluster did not answer in time: look at `ceph status`";
    if ([...this.waiting.values()].some(({ isLong }) => isLong)) this.waiting.get(id)?.fail(this.lost(why, target));
    else this.lose(why);
  }

  private receive(line: string): void {
    const answer = parseReply(line);
    if (answer) this.waiting.get(answer.id)?.settle(answer);
    else this.lose("answered what is no answer");
  }

  private lost(why: string, target: string): KrStorageError {
    const isMissing = /ModuleNotFoundError|ENOENT/.test(why);
    const hint = isMissing
      ? `; install ceph-common (it brings python3-rados and python3-rbd for ${this.options.python}), or set the backend's "python"`
      : "";
    return new KrStorageError(
      "UNAVAILABLE",
      `the connection of backend "${this.backend}" to Ceph was lost: ${why}${hint}`,
      { target, retryable: !isMissing, outcome: isMissing ? "not-applied" : "unknown" },
    );
  }

  /** One that has nothing to do does not keep our process alive. */
  private holdProcess(isHeld: boolean): void {
    const { child } = this;
    const streams = [child, child.stdin, child.stdout, child.stderr] as unknown as { ref(): void; unref(): void }[];
    for (const each of streams) isHeld ? each.ref() : each.unref();
  }
}

function settingsOf(options: CephOptions): Record<string, unknown> {
  const { monitors, configFile, user, key, keyring, answerSeconds } = options;
  const seconds = String(answerSeconds);
  return {
    user,
    configFile,
    connectTimeout: answerSeconds,
    threads,
    conf: {
      ...(monitors === undefined ? {} : { mon_host: monitors.join(",") }),
      ...(key === undefined ? {} : { key }),
      ...(keyring === undefined ? {} : { keyring }),
      client_mount_timeout: seconds,
      rados_mon_op_timeout: seconds,
      rados_osd_op_timeout: seconds,
      // Clones that need no protected snapshot: those can be removed while clones still use their blocks
      rbd_default_clone_format: "2",
      // A library in someone else's process: no files, nothing on its output
      log_to_stderr: "false",
      log_file: "",
      admin_socket: "",
    },
  };
}

/** Python's own last word, or what Ceph's libraries found to be impossible, and nothing else that they have written: they quote keys. */
function lastWordIn(complaint: string): string | undefined {
  return complaint.split("\n").findLast((line) => /^\w+(Error|Exception)\b|FAILED ceph_assert/.test(line));
}

function parseReply(line: string): Reply | undefined {
  try {
    return reply.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

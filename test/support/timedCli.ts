import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { ClockFile } from "./clockFile";

export interface TimedEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `krstorage` in a process of its own, with a clock that the test moves. */
export class TimedCli {
  readonly ended: Promise<TimedEnd>;
  private readonly child: ChildProcess;
  private stdout = "";
  private stderr = "";
  private restsUntilMs: number | undefined;
  private changed: () => void = () => undefined;

  constructor(
    private readonly clock: ClockFile,
    args: readonly string[],
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.child = fork(join(__dirname, "cliAtTime.js"), [clock.path, ...args], { env, silent: true, execArgv: [] });
    this.child.stdout?.on("data", (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.stderr += chunk.toString();
      this.changed();
    });
    this.child.on("message", (untilMs: number) => {
      this.restsUntilMs = untilMs;
      this.changed();
    });
    this.ended = new Promise((resolve) => {
      this.child.on("close", (code, signal) => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }));
    });
    void this.ended.then(() => this.changed());
  }

  /** What `--json` prints of a command that ends well. */
  static async json<T>(clock: ClockFile, args: readonly string[], env: NodeJS.ProcessEnv): Promise<T> {
    const { code, stdout, stderr } = await new TimedCli(clock, [...args, "--json"], env).ended;
    if (code !== 0) throw new Error(`krstorage ${args.join(" ")} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** What it says on standard error that looks like that. */
  said(what: RegExp): Promise<string> {
    return this.until(() => what.exec(this.stderr)?.[1]);
  }

  /** Whether it only waits for time to pass. */
  get isResting(): boolean {
    return this.restsUntilMs !== undefined && this.restsUntilMs > this.clock.now();
  }
  /** Until when it waits, once it does nothing else. */
  rests(): Promise<number> {
    return this.until(() => (this.isResting ? this.restsUntilMs : undefined));
  }

  /** Lets time pass until an instant, from one moment at which it does something to the next. */
  async passUntil(endMs: number): Promise<void> {
    for (let nextMs = await this.rests(); nextMs <= endMs; nextMs = await this.rests()) this.clock.set(nextMs);
    this.clock.set(endMs);
  }

  private async until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`it ended (${this.child.exitCode ?? this.child.signalCode}): ${this.stderr}`);
      await new Promise<void>((resolve) => {
        this.changed = resolve;
      });
    }
  }
}

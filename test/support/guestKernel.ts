import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

const registersSource = join(__dirname, "..", "..", "..", "test", "support", "wholeRegisters.c");

/** How a guest starts. What it has beside this computer's own files is `devices`, as the kernel's arguments. */
export interface Boot {
  /** The script that it runs first, and that must not end. */
  init: string;
  /** Whether it may change this computer's files. */
  root: "rw" | "ro";
  devices: readonly string[];
}

/** A Linux of its own, in user mode on this computer's files. It says on its console what its programs print. */
export class GuestKernel {
  private running: { process: ChildProcessByStdio<Writable, Readable, null>; silent: Promise<unknown> } | undefined;
  private lines: string[] = [];
  private readonly registers: string;

  constructor(
    private readonly folder: string,
    private readonly name: string,
  ) {
    this.registers = join(folder, "registers.so");
    execFileSync("cc", ["-shared", "-fPIC", "-O2", "-o", this.registers, registersSource], { stdio: "pipe" });
  }

  /** Switches it on. `hear` gets each line of its console. */
  boot({ init, root, devices }: Boot, hear: (line: string) => void): void {
    const script = join(this.folder, "init.sh");
    writeFileSync(script, init);
    chmodSync(script, 0o755);
    const kernel = ["mem=384M", `umid=${this.name}`, `uml_dir=${this.folder}`, "quiet", `init=${script}`];
    const files = ["root=/dev/root", "rootfstype=hostfs", "rootflags=/", root];
    // A group of its own: the kernel and what it runs are ended together
    const guest = spawn("linux.uml", [...kernel, ...files, ...devices, "con=null", "con0=fd:0,fd:1", "ssl=null"], {
      stdio: ["pipe", "pipe", "ignore"],
      detached: true,
      env: { ...process.env, PATH: superuserPath(), LD_PRELOAD: this.registers },
    });
    // What is said to one that has just ended reaches nobody: that it has ended is told otherwise
    guest.stdin.on("error", () => undefined);
    const lines = createInterface({ input: guest.stdout });
    lines.on("line", (line) => {
      this.lines = [...this.lines.slice(-30), line];
      hear(line);
    });
    this.running = { process: guest, silent: Promise.all([once(guest, "close"), once(lines, "close")]) };
  }

  /** Types a line at its console. */
  type(line: string): void {
    this.running?.process.stdin.write(`${line}\n`);
  }

  /** The last lines that it has shown. */
  console(): string {
    return this.lines.join("\n");
  }

  /** Resolves when it has ended and everything has been heard that it said. */
  async silence(): Promise<void> {
    await this.running?.silent;
  }

  /** Ends it, as if its power failed. Resolves as `silence` does. False where it does not run. */
  async kill(): Promise<boolean> {
    if (this.running?.process.pid === undefined) return false;
    const { process: guest, silent } = this.running;
    this.running = undefined;
    if (guest.exitCode === null && guest.signalCode === null) process.kill(-(guest.pid as number), "SIGKILL");
    await silent;
    return true;
  }
}

/** The search path with the folders of programs that are the superuser's. */
export function superuserPath(): string {
  return [process.env.PATH ?? "", "/usr/local/sbin", "/usr/sbin", "/sbin"].join(delimiter);
}

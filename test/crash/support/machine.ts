import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";

const mark = "@krs ";

/** A file system of a machine, and how it is mounted: as lazy as it can be, so that only what is synced survives. */
const fileSystems = {
  ext4: { make: ["mkfs.ext4", "-q", "-F"], mount: "noauto_da_alloc,commit=900" },
  xfs: { make: ["mkfs.xfs", "-q", "-f"], mount: "defaults" },
};
export type FileSystem = keyof typeof fileSystems;

/**
 * A machine whose power can be cut: a kernel in user mode on this computer's own files, with a disk of its own. What it has flushed
 * to the disk is in a file here; what is in its memory dies with it.
 */
export class Machine {
  private running: ChildProcess | undefined;
  private lines: string[] = [];
  private readonly image: string;
  /** Where the machine's own disk is mounted, in the machine. */
  readonly mountPoint: string;

  constructor(
    private readonly folder: string,
    private readonly fileSystem: FileSystem,
  ) {
    this.image = join(folder, "disk.img");
    this.mountPoint = join(folder, "disk");
    mkdirSync(this.mountPoint);
    writeFileSync(this.image, "");
    truncateSync(this.image, 512 * 2 ** 20);
    const [program, ...args] = fileSystems[fileSystem].make;
    execFileSync(program as string, [...args, this.image], { stdio: "pipe", env: { ...process.env, PATH: path() } });
  }

  /** Switches it on and runs a program on the mounted disk. `hear` gets what the program says with `tell`. */
  start(program: readonly string[], hear: (message: unknown) => void): void {
    const init = join(this.folder, "init.sh");
    writeFileSync(init, this.script(program));
    chmodSync(init, 0o755);
    const kernel = ["mem=384M", `umid=${this.fileSystem}`, `uml_dir=${this.folder}`, "quiet", `init=${init}`];
    const root = ["root=/dev/root", "rootfstype=hostfs", "rootflags=/", "rw"];
    const devices = [`ubd0=${this.image}`, "con=null", "con0=null,fd:1", "ssl=null"];
    // A group of its own: the kernel and what it runs are ended together
    const machine = spawn("linux.uml", [...kernel, ...root, ...devices], {
      stdio: ["ignore", "pipe", "ignore"],
      detached: true,
      env: { ...process.env, PATH: path() },
    });
    this.running = machine;
    createInterface({ input: machine.stdout }).on("line", (line) => {
      this.lines = [...this.lines.slice(-30), line];
      const message = parse(line);
      if (message !== undefined && this.running === machine) hear(message);
    });
  }

  /** The last lines that it has shown. */
  console(): string {
    return this.lines.join("\n");
  }

  /** Cuts its power. */
  async cut(): Promise<void> {
    const machine = this.running;
    if (machine?.pid === undefined) return;
    this.running = undefined;
    const closed = once(machine, "close");
    if (machine.exitCode === null && machine.signalCode === null) process.kill(-machine.pid, "SIGKILL");
    await closed;
  }

  private script(program: readonly string[]): string {
    const quoted = program.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    return `#!/bin/sh
export PATH=${path()} HOME=${this.folder}
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
echo 0 > /proc/sys/vm/dirty_writeback_centisecs
echo 360000 > /proc/sys/vm/dirty_expire_centisecs
echo 90 > /proc/sys/vm/dirty_ratio
echo 80 > /proc/sys/vm/dirty_background_ratio
echo 720000 > /proc/sys/fs/xfs/xfssyncd_centisecs 2>/dev/null
mount -t ${this.fileSystem} -o ${fileSystems[this.fileSystem].mount} /dev/ubda ${this.mountPoint} || echo "the disk cannot be mounted"
echo '${mark}"up"'
${quoted} 2>&1
echo '${mark}"ended"'
exec sleep 1000
`;
  }
}

function parse(line: string): unknown {
  const at = line.indexOf(mark);
  if (at < 0) return undefined;
  try {
    return JSON.parse(line.slice(at + mark.length));
  } catch {
    return undefined; // cut in the middle of a line, so nobody has heard it
  }
}

/** Says something to the one who has started the machine this program runs in. Returns when it is out of the machine. */
export function tell(message: unknown): void {
  writeSync(1, `${mark}${JSON.stringify(message)}\n`);
}

function path(): string {
  return [process.env.PATH ?? "", "/usr/local/sbin", "/usr/sbin", "/sbin"].join(delimiter);
}

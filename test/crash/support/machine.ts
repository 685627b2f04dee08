import { execFileSync } from "node:child_process";
import { mkdirSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { GuestKernel, superuserPath } from "../../support/guestKernel";

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
  private readonly kernel: GuestKernel;
  private last = "";
  private garbled: string[] = [];
  private readonly image: string;
  /** Where the machine's own disk is mounted, in the machine. */
  readonly mountPoint: string;

  constructor(
    private readonly folder: string,
    private readonly fileSystem: FileSystem,
  ) {
    this.image = join(folder, "disk.img");
    this.mountPoint = join(folder, "disk");
    this.kernel = new GuestKernel(folder, fileSystem);
    mkdirSync(this.mountPoint);
    writeFileSync(this.image, "");
    truncateSync(this.image, 512 * 2 ** 20);
    const [program, ...args] = fileSystems[fileSystem].make;
    execFileSync(program as string, [...args, this.image], {
      stdio: "pipe",
      env: { ...process.env, PATH: superuserPath() },
    });
  }

  /** Switches it on and runs a program on the mounted disk. `hear` gets what the program says with `tell`. */
  start(program: readonly string[], hear: (message: unknown) => void): void {
    this.kernel.boot({ init: this.script(program), root: "rw", devices: [`ubd0=${this.image}`] }, (line) => {
      this.last = line;
      const at = line.indexOf(mark);
      if (at < 0) return;
      const message = parse(line.slice(at + mark.length));
      if (message === undefined) this.garbled.push(line);
      else hear(message);
    });
  }

  /** The last lines that it has shown. */
  console(): string {
    return this.kernel.console();
  }

  /** Cuts its power. Resolves when everything has been heard that it said until then: what it was about to do may have happened. */
  async cut(): Promise<void> {
    if (!(await this.kernel.kill())) return;
    // Only what it was saying in the last moment may be cut off: anything else lost could be the beginning of a step
    const lost = this.garbled.filter((line) => line !== this.last);
    if (lost.length > 0) throw new Error(`the machine has said what cannot be read: ${lost.join("; ")}`);
  }

  private script(program: readonly string[]): string {
    const quoted = program.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    return `#!/bin/sh
export PATH=${superuserPath()} HOME=${this.folder}
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Says something to the one who has started the machine this program runs in. Returns when it is out of the machine. */
export function tell(message: unknown): void {
  writeSync(1, `${mark}${JSON.stringify(message)}\n`);
}

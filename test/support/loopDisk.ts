import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const bytes = 768 * 2 ** 20;

/** A file system of its own in a file, mounted through a loop device; for tests that need another than the system's. */
export class LoopDisk {
  readonly path: string;
  private readonly folder: string;

  constructor(fileSystem: "ext4" | "btrfs" | "xfs") {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), `krs-${fileSystem}-`)));
    this.path = join(this.folder, "mounted");
    const image = join(this.folder, "disk.img");
    const file = openSync(image, "wx");
    ftruncateSync(file, bytes);
    closeSync(file);
    mkdirSync(this.path);
    run(`mkfs.${fileSystem}`, "-q", image);
    run("mount", "-o", "loop", image, this.path);
  }

  end(): void {
    // Lazily: SQLite's binding closes a database only when its statements have been collected
    run("umount", "--lazy", this.path);
    rmSync(this.folder, { recursive: true });
  }
}

function run(program: string, ...args: string[]): void {
  const path = [process.env.PATH, "/usr/local/sbin", "/usr/sbin", "/sbin"].join(delimiter);
  execFileSync(program, args, { stdio: "pipe", env: { ...process.env, PATH: path } });
}

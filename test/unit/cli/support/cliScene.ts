import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { openStorage, type StorageLibrary } from "../../../../provider/storage";

export const cliMain = join(__dirname, "..", "..", "..", "..", "agent", "cli", "main.js");

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** The real executable, over a real local backend `main` with a pool `ssd`, in a folder of its own. */
export class CliScene {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "krs-cli-")));
  readonly storagePath = join(this.folder, "storage");
  readonly configFile = join(this.folder, "krstorage.yaml");
  readonly env: NodeJS.ProcessEnv;

  private constructor() {
    mkdirSync(this.storagePath, { mode: 0o711 });
    mkdirSync(join(this.folder, "bin"));
    this.configure({ main: { type: "local", path: this.storagePath } });
    this.env = {
      PATH: [join(this.folder, "bin"), process.env.PATH].join(delimiter),
      HOME: this.folder,
      TERM: "xterm",
      KRSTORAGE_CONFIG: this.configFile,
    };
  }

  static async start(): Promise<CliScene> {
    const scene = new CliScene();
    await scene.using((storage) => storage.createPool("main/ssd", { reserve: "1MiB", maxOvercommit: 100 }));
    return scene;
  }
  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  configure(backends: Record<string, unknown>): void {
    writeFileSync(this.configFile, JSON.stringify({ stackId: "stack-1", backends }), { mode: 0o600 });
  }
  /** Puts a program of a test before the real one on the PATH of the CLI. */
  program(name: string, script: string): void {
    const path = join(this.folder, "bin", name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }
  file(...parts: string[]): string {
    return join(this.storagePath, "ssd", ...parts);
  }

  /** What a stack does, as the owner of one: `shop/dev`. */
  async using<T>(action: (storage: StorageLibrary) => Promise<T>): Promise<T> {
    const storage = openStorage({
      backends: { main: { type: "local", path: this.storagePath } },
      owner: "shop/dev",
    });
    try {
      return await action(storage);
    } finally {
      await storage.close();
    }
  }
  volume(name: string, size = "1MiB") {
    return this.using((storage) => storage.createVolume(`main/ssd/${name}`, { size }));
  }

  start(args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    return spawn(process.execPath, [cliMain, ...args], {
      cwd: this.folder,
      env: { ...this.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }
  run(...args: string[]): Promise<Ran> {
    return finished(this.start(args));
  }
  runWith(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ran> {
    return finished(this.start(args, env));
  }
  /** Runs a line of a shell, in which `krstorage` is the executable under test. */
  shell(line: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    this.program("krstorage", `exec "${process.execPath}" "${cliMain}" "$@"`);
    return finished(
      spawn("bash", ["-o", "pipefail", "-c", line], {
        cwd: this.folder,
        env: { ...this.env, ...env },
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
  }
  /** What `--json` prints of a command that works. */
  async json<T = Record<string, unknown>>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run(...args, "--json");
    if (code !== 0) throw new Error(`krstorage ${args.join(" ")} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** Runs SQL in the pool's database, past the driver. */
  sql(text: string, ...values: (string | number)[]): Record<string, unknown>[] {
    const database = new DatabaseSync(this.file(".krstorage", "pool.db"));
    try {
      return database.prepare(text).all(...values) as Record<string, unknown>[];
    } finally {
      database.close();
    }
  }
  /** Changes a stored record past the driver, as whoever may write the folder can. */
  forge(uid: string, change: (record: Record<string, unknown>) => Record<string, unknown>): void {
    const [row] = this.sql("SELECT record FROM objects WHERE uid = ?", uid);
    const record = change(JSON.parse(String(row?.record)) as Record<string, unknown>);
    this.sql("UPDATE objects SET record = ? WHERE uid = ?", JSON.stringify(record), uid);
  }
}

export function finished(child: ChildProcess): Promise<Ran> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

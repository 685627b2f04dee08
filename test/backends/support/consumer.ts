import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** What a volume's connection and its key say, and nothing else: as another machine has it that knows no ceph.conf. */
export interface Reach {
  monitors: string[];
  user: string;
  key: string;
}

/** Runs one of Ceph's programs as the consumer of a volume. Its output, or an error that has it. */
export function runAs({ monitors, user, key }: Reach, program: "rbd" | "rados" | "ceph", args: string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "krs-consumer-"));
  try {
    const keyring = join(folder, "keyring");
    writeFileSync(keyring, `[client.${user}]\n\tkey = ${key}\n`, { mode: 0o600 });
    const who = ["--conf", "/dev/null", "--mon-host", monitors.join(","), "--id", user, "--keyring", keyring];
    return execFileSync(program, [...who, ...args], { maxBuffer: 2 ** 28, timeout: 60_000, stdio: "pipe" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The key in a keyring file. */
export function keyOfRing(path: string): string {
  const [, key] = /^\s*key = (\S+)$/m.exec(readFileSync(path, "utf8")) ?? [];
  if (key === undefined) throw new Error(`${path} holds no key`);
  return key;
}

const opener = `
import sys, rados, rbd
cluster = rados.Rados(name="client.admin", conffile=sys.argv[1])
cluster.connect(timeout=30)
io = cluster.open_ioctx(sys.argv[2])
image = rbd.Image(io, sys.argv[3])
image.write(b"x", 0)
print("open", flush=True)
sys.stdin.read()
`;

/** A client in a process of its own that has an image open for writing, and can be killed. */
export async function openImage(conf: string, image: ImageName): Promise<Client> {
  return startClient(opener, conf, image);
}

/** Opens the image as far as the cluster is concerned, when it is told to. */
const watcher = `
import sys, rados, rbd
cluster = rados.Rados(name="client.admin", conffile=sys.argv[1])
cluster.connect(timeout=30)
io = cluster.open_ioctx(sys.argv[2])
header = "rbd_header." + rbd.Image(io, sys.argv[3], read_only=True).id()
print("ready", flush=True)
sys.stdin.readline()
io.watch(header, lambda *event: None)
sys.stdin.read()
`;

/** As `openImage`, for a client that opens the image with `go`. */
export async function readyToOpen(conf: string, image: ImageName): Promise<Client & { go(): void }> {
  return startClient(watcher, conf, image);
}

interface ImageName {
  pool: string;
  image: string;
}
interface Client {
  kill(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
  end(): Promise<void>;
}

/** Resolves when the program has said something. */
async function startClient(
  program: string,
  conf: string,
  { pool, image }: ImageName,
): Promise<Client & { go(): void }> {
  const child = spawn("/usr/bin/python3", ["-I", "-c", program, conf, pool, image], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  let complaint = "";
  child.stderr.on("data", (chunk) => {
    complaint += chunk;
  });
  const opened = once(createInterface({ input: child.stdout }), "line");
  await Promise.race([
    opened,
    ended.then(() => {
      throw new Error(`the image could not be opened: ${complaint}`);
    }),
  ]);
  return {
    go: () => void child.stdin.write("\n"),
    kill: (signal) => void child.kill(signal),
    async end() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

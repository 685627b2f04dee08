import { spawn } from "node:child_process";
import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { KrStorageError } from "../../model/errors";
import { quote } from "../../model/names";
import { hasTree } from "./carrier";
import { copiers } from "./copyDisk";
import { systemCode } from "./errors";

// A share's tree is other people's doing: any names, any depth, links to anywhere, changed while it is looked at. It is walked, copied
// and removed by GNU find, cp and rm, which work on open folders and follow no links; names never reach this program.

/** In the environment of processes that work for us, so that other processes of ours do not take them for users of a share. */
const mark = "KRSTORAGE_WORKER";
export function isWorker(environment: string): boolean {
  return environment.split("\0").includes(`${mark}=1`);
}

interface Tool {
  program: string;
  args: string[];
  signal?: AbortSignal | undefined;
  onText?(text: string): void;
}

/** Runs a program with a list of arguments. Resolves with how it ended; rejects when the signal ends it or it cannot be started. */
export function runTool({ program, args, signal, onText }: Tool): Promise<{ code: number | null; message: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["ignore", onText ? "pipe" : "ignore", "pipe"],
      ...(signal ? { signal } : {}),
      killSignal: "SIGKILL",
      env: { ...process.env, LC_ALL: "C", [mark]: "1" },
    });
    let message = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      message = (message + text).slice(-longestMessage);
    });
    if (onText) child.stdout?.setEncoding("latin1").on("data", onText);
    const { pid } = child;
    if (pid !== undefined) copiers.add(pid);
    let failure: Error | undefined;
    child.on("error", (error) => {
      failure = error; // also for an abort; then the process still has to end before its files may go
      if (pid === undefined) reject(systemCode(error) === "ENOENT" ? notInstalled(program) : error);
    });
    child.on("close", (code) => {
      if (pid !== undefined) copiers.delete(pid);
      if (failure) reject(failure);
      else resolve({ code, message: shortened(message.trim()) });
    });
  });
}

function notInstalled(program: string): KrStorageError {
  return new KrStorageError(
    "UNSUPPORTED",
    `${program} is not installed on this machine; shares need the GNU coreutils and findutils`,
  );
}

/** Names in messages may have 4096 bytes, each of them written as four; what is wrong stands behind them. */
const longestMessage = 20_000;
function shortened(message: string): string {
  const text = quote(message, longestMessage);
  return text.length > 400 ? `${text.slice(0, 200)}…${text.slice(-200)}` : text;
}

/** One thing in a tree, as numbers. A file with several names is met under each. */
export interface TreeEntry {
  device: number;
  inode: string;
  /** Seconds since 1970, with a fraction. */
  changed: string;
  /** As `find` has it: f, d, l, and b, c, p, s for devices, pipes and sockets. */
  type: string;
}

/**
 * Meets everything in a tree, the top included, and nothing behind a mount. Returns what it could not look at as a sentence: the tree
 * changes meanwhile, or something in it is not ours to see.
 */
export async function walkTree(
  tree: string,
  meet: (entry: TreeEntry) => void,
  signal?: AbortSignal,
): Promise<string | undefined> {
  let rest = "";
  let hasMet = false;
  const { code, message } = await runTool({
    program: "find",
    args: ["-P", tree, "-xdev", "-printf", "%D %i %C@ %y\\n"],
    signal,
    onText(text) {
      hasMet = true;
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [device = "", inode = "", changed = "", type = ""] = line.split(" ");
        meet({ device: Number(device), inode, changed, type });
      }
    },
  });
  if (code === 0) return undefined;
  if (/printf/.test(message) && !hasMet) throw notInstalled("GNU find");
  return message || `find ended with ${code}`;
}

/** Removes a folder of ours with everything in it, a share's tree too. Throws IN_USE where a mount is in the way; nothing behind one is touched. */
export async function removeFolder(folder: string): Promise<void> {
  if (!hasTree(folder)) {
    rmSync(folder, { recursive: true, force: true }); // removes links, follows none
    return;
  }
  const isLinux = process.platform === "linux";
  const args = ["-rf", ...(isLinux ? ["--one-file-system"] : []), "--", folder];
  let { code, message } = await runTool({ program: "rm", args });
  if (code !== 0 && process.geteuid?.() !== 0) {
    // Folders that their owner has made read-only, which only root removes things from
    await runTool({ program: "chmod", args: ["-R", "u+rwx", "--", folder] });
    ({ code, message } = await runTool({ program: "rm", args }));
  }
  if (code === 0) return;
  throw new KrStorageError("IN_USE", `${folder} could not be removed; is something mounted in it? (${message})`, {
    target: folder,
  });
}

/** Removes a pool's folder for staging, with what was left in it. */
export async function removeStaging(staging: string): Promise<void> {
  if (!lstatSync(staging, { throwIfNoEntry: false })?.isDirectory()) return rmSync(staging, { force: true });
  for (const name of readdirSync(staging)) await removeFolder(join(staging, name));
  rmSync(staging, { recursive: true, force: true });
}

/** The bytes that trees occupy together. A file with several names counts once. Undefined if they could not all be looked at. */
export async function measureTrees(trees: string[], signal: AbortSignal): Promise<number | undefined> {
  if (trees.length === 0) return 0;
  let text = "";
  const { code } = await runTool({
    program: "du",
    args: ["-s", "-x", "-c", "--block-size=1", "--", ...trees],
    signal,
    onText: (more) => {
      text = (text + more).slice(-200);
    },
  });
  const total = /(?:^|\n)(\d+)\ttotal\n$/.exec(text)?.[1];
  return code === 0 && total !== undefined ? Number(total) : undefined;
}

/** Makes everything durable that was written to the file system of a path. */
export async function syncFileSystem(path: string): Promise<void> {
  const { code, message } = await runTool({ program: "sync", args: ["--file-system", "--", path] });
  if (code !== 0)
    throw Object.assign(new Error(`sync of the file system of ${path} failed: ${message}`), { code: "EIO" });
}

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { KrStorageError } from "../../model/errors";
import type { Progress } from "../driver";

/** Processes that copy, look and remove for us: that they have a disk or a share open is no foreign use of it. */
export const copiers = new Set<number>();
export function isCopier(pid: number): boolean {
  return copiers.has(pid);
}

export interface CopyRequest {
  /** An open descriptor, so that what is copied is the file that was looked at, whatever happens to its path. */
  source: number;
  sourcePath: string;
  /** An existing, empty file. */
  target: string;
  /** Whether blocks must be shared: that is what makes a copy of a running disk one point in time. */
  mustShare: boolean;
  signal: AbortSignal;
  progress?: ((progress: Progress) => void) | undefined;
}

/**
 * Copies a disk with cp, which shares blocks where the file system can and keeps holes (Node's own copy loses them). Rejects with
 * an AbortError when the signal ends it.
 */
export async function copyDisk(request: CopyRequest): Promise<void> {
  const isLinux = process.platform === "linux";
  // A shared copy has the holes of its source; cp takes no --sparse with it
  const shared = request.mustShare ? ["--reflink=always"] : ["--reflink=auto", "--sparse=always"];
  const options = isLinux ? shared : ["-c"];
  const source = isLinux ? "/proc/self/fd/3" : request.sourcePath;
  await new Promise<void>((resolve, reject) => {
    const child = spawn("cp", [...options, "--", source, request.target], {
      stdio: ["ignore", "ignore", "pipe", request.source],
      signal: request.signal,
      killSignal: "SIGKILL",
      env: { ...process.env, LC_ALL: "C" },
    });
    let message = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      message = (message + text).slice(0, 2000);
    });
    const { pid } = child;
    if (pid !== undefined) copiers.add(pid);
    const stopWatching = watchProgress(request);
    let failure: Error | undefined;
    child.on("error", (error) => {
      failure = error; // also for an abort; then the process still has to end before its files may go
      if (pid !== undefined) return;
      stopWatching();
      reject(error);
    });
    child.on("close", (code) => {
      stopWatching();
      if (pid !== undefined) copiers.delete(pid);
      if (failure) reject(failure);
      else if (code === 0) resolve();
      else reject(copyFailed(request, message.trim()));
    });
  });
}

/** How often a copy is looked at for whoever wants to know how far it is, ms. */
const progressEveryMs = 250;

/** Tells how far a copy is: cp writes from the beginning to the end, so the size of the target says it. */
function watchProgress({ source, target, progress }: CopyRequest): () => void {
  if (!progress) return () => undefined;
  const totalBytes = fstatSync(source).size;
  const timer = setInterval(() => {
    const doneBytes = statSync(target, { throwIfNoEntry: false })?.size ?? 0;
    progress({ doneBytes: Math.min(doneBytes, totalBytes), totalBytes });
  }, progressEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

function copyFailed(request: CopyRequest, message: string): Error {
  if (/No space left|Disk quota exceeded/.test(message)) return Object.assign(new Error(message), { code: "ENOSPC" });
  if (/Input\/output error/.test(message)) return Object.assign(new Error(message), { code: "EIO" });
  return new KrStorageError("INTERNAL", `cp could not copy ${request.sourcePath}: ${message || "it gave no reason"}`, {
    target: request.sourcePath,
  });
}

/** Whether files in a folder can share blocks, found out by trying. */
export async function canShareBlocks(folder: string, signal: AbortSignal): Promise<boolean> {
  const base = `${folder}/probe-${randomBytes(6).toString("hex")}`;
  const [from, to] = [`${base}-a`, `${base}-b`];
  try {
    const source = openSync(from, "wx+", 0o600);
    try {
      writeSync(source, Buffer.alloc(65_536, 7));
      closeSync(openSync(to, "wx", 0o600));
      await copyDisk({ source, sourcePath: from, target: to, mustShare: true, signal });
      return statSync(to).size === 65_536;
    } finally {
      closeSync(source);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    return false;
  } finally {
    rmSync(from, { force: true });
    rmSync(to, { force: true });
  }
}

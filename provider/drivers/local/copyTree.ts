import { createHash } from "node:crypto";
import { chmodSync, lstatSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KrStorageError } from "../../model/errors";
import type { Call } from "../driver";
import type { Entry } from "./entry";
import { throwIfCancelled } from "./errors";
import { holdersOf } from "./holders";
import { treePath } from "./layout";
import type { OpenPool } from "./openPool";
import { runTool, walkTree } from "./treeTools";

/**
 * Copies the tree of a share, file by file with shared blocks, and proves that it is of one moment: nothing has anything in it open for
 * writing before and after, and nothing in it has changed since before the first file was copied. What cannot be proven is thrown away
 * by the caller. Owners, modes, times, attributes, holes and hard links are kept, symbolic links are copied as what they are; devices,
 * pipes and sockets are left out, since whoever opened one in a copy would reach something else than files.
 */
export async function copyTree(pool: OpenPool, call: Call, source: Entry, target: string, what: string): Promise<void> {
  const tree = treePath(pool.paths, source.uid);
  const name = `${pool.where}/${source.name}`;
  await requireNoWriters(pool, source, what);
  const start = await nextTick(dirname(target));
  const before = await lookAt(tree, call.signal);
  if (before.problem !== undefined || before.newest >= start) throw whyNot(before, start, name, what);
  if (before.devices > 0 && process.geteuid?.() !== 0)
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `${what} was not made: ${name} holds device files, which only root can copy past; remove them (find ${tree} -type b -o -type c)`,
      { target: what },
    );
  const { code, message } = await runTool({
    program: "cp",
    args: ["--archive", "--reflink=always", "--one-file-system", "--no-target-directory", "--", `${tree}/.`, target],
    signal: call.signal,
  });
  await requireNoWriters(pool, source, what);
  const after = await lookAt(tree, call.signal);
  if (after.problem !== undefined || after.newest >= start || after.digest !== before.digest)
    throw whyNot(after, start, name, what);
  if (code !== 0) throw copyFailed(name, what, message);
  if (before.special > 0) await dropSpecial(target);
  tell(pool, before, what);
  throwIfCancelled(call.signal, "copying to", what);
}

async function requireNoWriters(pool: OpenPool, source: Entry, what: string): Promise<void> {
  const writers = (await holdersOf(pool.paths, source.uid)).filter((holder) => holder.writes);
  if (writers.length === 0) return;
  throw new KrStorageError(
    "IN_USE",
    `${what} was not made: something in ${pool.where}/${source.name} is open for writing by ${writers.map((holder) => holder.name).join(", ")}; stop that first`,
    { target: what },
  );
}

/** What a look at a tree says. Numbers only: the names in it are other people's. */
interface Look {
  /** Of everything in it: which it is, and when it was changed. The order in which it was met makes no difference. */
  digest: bigint;
  /** The latest change, nanoseconds since 1970. */
  newest: bigint;
  special: number;
  devices: number;
  /** Folders on other file systems. */
  mounts: number;
  problem: string | undefined;
}

async function lookAt(tree: string, signal: AbortSignal): Promise<Look> {
  const { dev } = lstatSync(tree);
  const look: Look = { digest: 0n, newest: 0n, special: 0, devices: 0, mounts: 0, problem: undefined };
  look.problem = await walkTree(
    tree,
    ({ device, inode, changed, type }) => {
      const digest = createHash("sha256").update(`${device} ${inode} ${changed} ${type}`).digest();
      look.digest = BigInt.asUintN(64, look.digest + digest.readBigUInt64LE());
      const time = nanoseconds(changed);
      if (time > look.newest) look.newest = time;
      if (device !== dev) look.mounts += 1;
      if ("bcps".includes(type)) look.special += 1;
      if ("bc".includes(type)) look.devices += 1;
    },
    signal,
  );
  return look;
}

/** As `find` has a time: "1931031600.1234567890". */
function nanoseconds(time: string): bigint {
  const [seconds = "0", fraction = ""] = time.split(".");
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0").slice(0, 9));
}

/**
 * The next moment of the clock that files get their times from, which advances in steps of some milliseconds: what has ended by now
 * has an earlier time, what begins later has this one or a later one.
 */
async function nextTick(folder: string): Promise<bigint> {
  const probe = join(folder, "clock"); // in the staged folder, so that it goes with that where this process is killed
  writeFileSync(probe, "", { flag: "wx", mode: 0o600 });
  try {
    const changed = () => {
      utimesSync(probe, 0, 0);
      return lstatSync(probe, { bigint: true }).ctimeNs;
    };
    const first = changed();
    let now = changed();
    while (now === first) {
      await sleep(1);
      now = changed();
    }
    return now;
  } finally {
    rmSync(probe, { force: true });
  }
}

/** What is wrong with a source that cannot be copied: it changes, or it cannot be read. */
function whyNot(look: Look, start: bigint, name: string, what: string): Error {
  if (look.problem !== undefined && look.newest < start && !/No such file or directory/.test(look.problem))
    return copyFailed(name, what, look.problem);
  return new KrStorageError(
    "IN_USE",
    `${what} was not made: ${name} was written to while it was copied, so the copy would be torn; stop what writes to it, or try again at a quieter time`,
    { target: what, retryable: true },
  );
}

function copyFailed(name: string, what: string, message: string): Error {
  if (/No space left|Disk quota exceeded/.test(message)) return Object.assign(new Error(message), { code: "ENOSPC" });
  if (/Input\/output error/.test(message)) return Object.assign(new Error(message), { code: "EIO" });
  const todo = /File name too long/.test(message)
    ? "its folders are nested so deeply that their paths have more than 4096 bytes"
    : /Permission denied|Operation not permitted/.test(message)
      ? "run as a user who can read everything in it"
      : "look at what it names";
  return new KrStorageError(
    "PRECONDITION_FAILED",
    `${what} was not made: ${name} cannot be copied: ${todo} (${message || "cp gave no reason"})`,
    {
      target: what,
    },
  );
}

async function dropSpecial(target: string): Promise<void> {
  const types = ["-type", "b", "-o", "-type", "c", "-o", "-type", "p", "-o", "-type", "s"];
  chmodSync(target, 0o700);
  const { code, message } = await runTool({ program: "find", args: ["-P", target, "(", ...types, ")", "-delete"] });
  if (code !== 0)
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `devices, pipes and sockets could not be left out of ${target}: ${message}`,
      {
        target,
      },
    );
}

function tell(pool: OpenPool, { special, mounts }: Look, what: string): void {
  const { log } = pool.site.env;
  if (special > 0) log.warn(`${what}: ${special} devices, pipes or sockets of its source were left out`);
  if (mounts > 0)
    log.warn(`${what}: ${mounts} folders of its source are other file systems; they are empty in the copy`);
}

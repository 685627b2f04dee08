import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { emptyState, type MemoryState } from "./state";

/** Where the state is. `change` is one transaction: nobody else changes the state meanwhile, and a throw leaves it as it was. */
export interface MemoryStore {
  read(): MemoryState;
  change<Result>(change: (state: MemoryState) => Result): Result;
}

/** A state in this process, which several drivers may share. Changes check before they write, so a throw has written nothing. */
export function objectStore(state: MemoryState): MemoryStore {
  return { read: () => state, change: (change) => change(state) };
}

/** A state in one JSON file, for processes that come and go. A process killed at any moment leaves the old state or the new one. */
export function fileStore(file: string): MemoryStore {
  const read = () => readState(file);
  return {
    read,
    change(change) {
      lock(`${file}.lock`);
      try {
        const state = read();
        const result = change(state);
        saveState(file, state);
        return result;
      } finally {
        unlinkSync(`${file}.lock`);
      }
    },
  };
}

function readState(file: string): MemoryState {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as MemoryState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return emptyState();
    throw error;
  }
}

function saveState(file: string, state: MemoryState): void {
  const staged = `${file}.${process.pid}-${randomBytes(4).toString("hex")}`;
  const descriptor = openSync(staged, "wx", 0o600);
  try {
    writeSync(descriptor, JSON.stringify(state, undefined, 1));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(staged, file);
}

/** Takes a lock that names its holder, so that the lock of a killed process can be told and taken away. */
function lock(path: string): void {
  for (;;) {
    try {
      symlinkSync(String(process.pid), path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (holderIsDead(path)) removeIfThere(path);
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
  }
}

function holderIsDead(path: string): boolean {
  try {
    process.kill(Number(readlinkSync(path)), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

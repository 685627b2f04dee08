import { closeSync, constants, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";

/** How much of a disk its content tells apart; what is behind it is zeros. */
export const contentBytes = 65_536;

/** Bytes that no other seed has, different in every block, so that a torn or mixed copy is seen. */
export function contentOf(seed: number): Buffer {
  const bytes = Buffer.alloc(contentBytes);
  for (let at = 0; at < contentBytes; at += 16) bytes.write(`${seed}:${at};`.padEnd(16, "."), at, "latin1");
  return bytes;
}

/** Writes a content over the beginning of a disk, as its user would, durably and without the driver. */
export function fillDisk(path: string, seed: number): void {
  const file = openSync(path, constants.O_RDWR | constants.O_SYNC);
  try {
    writeSync(file, contentOf(seed), 0, contentBytes, 0);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** What a disk holds, in words: "zeros", "seed 7", "mixed", "missing"; sizes other than a whole content are in them too. */
export function describeDisk(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return "missing";
  }
  const text = `${bytes.length} bytes`;
  if (isZero(bytes)) return `${text} zeros`;
  const seed = Number(/^(\d+):0;/.exec(bytes.toString("latin1", 0, 16))?.[1]);
  if (Number.isNaN(seed) || !bytes.subarray(0, contentBytes).equals(contentOf(seed))) return `${text} mixed`;
  return isZero(bytes.subarray(contentBytes)) ? `${text} seed ${seed}` : `${text} mixed`;
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

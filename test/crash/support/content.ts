import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

/** How much of a disk its content tells apart; what is behind it is zeros. */
export const contentBytes = 65_536;

/** Bytes that no other seed has, different in every block, so that a torn or mixed copy is seen. */
export function contentOf(seed: number): Buffer {
  const bytes = Buffer.alloc(contentBytes);
  for (let at = 0; at < contentBytes; at += 16) bytes.write(`${seed}:${at};`.padEnd(16, "."), at, "latin1");
  return bytes;
}

/**
 * Writes a content over the beginning of a disk, as its user would, durably and without the driver. In several parts, each durable
 * before the next begins, it is torn by most cuts that come in between.
 */
export function fillDisk(path: string, seed: number, parts = 1): void {
  const file = openSync(path, constants.O_RDWR | constants.O_SYNC);
  const content = contentOf(seed);
  const partBytes = contentBytes / parts;
  try {
    for (let at = 0; at < contentBytes; at += partBytes) writeSync(file, content, at, partBytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Puts a content into a share, as its user would: in a file of two names in a folder, with a link beside it that leads outside. */
export function fillTree(path: string, seed: number): void {
  const folder = join(path, "folder");
  mkdirSync(folder);
  writeFileSync(join(folder, "file"), contentOf(seed), { flush: true });
  linkSync(join(folder, "file"), join(path, "file"));
  symlinkSync("/etc/hostname", join(path, "link"));
}

/** What a share holds, in words. */
export function describeTree(path: string): string {
  const names = readdirSync(path, { recursive: true }).map(String).sort();
  if (names.length === 0) return "an empty tree";
  const isWhole =
    names.join() === "file,folder,folder/file,link" && readlinkSync(join(path, "link")) === "/etc/hostname";
  const sameFile = isWhole && statSync(join(path, "file")).ino === statSync(join(path, "folder/file")).ino;
  return sameFile ? `a tree of ${describeDisk(join(path, "file"))}` : `a mixed tree of ${names.join()}`;
}

/**
 * What a disk holds, in words: "zeros", "seed 7", "torn of seeds 0 and 7 (…)" where every sector is of one of these (0 is zeros;
 * in brackets which, so that no two torn disks look alike), "mixed", "missing". The size is in them too.
 */
export function describeDisk(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return "missing";
  }
  return `${bytes.length} bytes ${describeContent(bytes)}`;
}

/** A disk writes a sector whole or not at all. */
const sectorBytes = 512;

function describeContent(bytes: Buffer): string {
  if (!isZero(bytes.subarray(contentBytes))) return "mixed";
  const seeds: number[] = [];
  for (let at = 0; at < Math.min(bytes.length, contentBytes); at += sectorBytes) {
    const seed = seedOf(bytes.subarray(at, at + sectorBytes), at);
    if (seed === undefined) return "mixed";
    seeds.push(seed);
  }
  const different = [...new Set(seeds)].sort((a, b) => a - b);
  if (different.length > 1) return `torn of seeds ${different.join(" and ")} (${runsOf(seeds)})`;
  return different[0] === undefined || different[0] === 0 ? "zeros" : `seed ${different[0]}`;
}

/** Whose sector this is, where it is; undefined if it is nobody's. */
function seedOf(sector: Buffer, at: number): number | undefined {
  if (isZero(sector)) return 0;
  const seed = Number(/^(\d+):/.exec(sector.toString("latin1", 0, 16))?.[1]);
  if (Number.isNaN(seed)) return undefined;
  return sector.equals(contentOf(seed).subarray(at, at + sector.length)) ? seed : undefined;
}

/** How many sectors of which seed follow each other: "16×2 112×1". */
function runsOf(seeds: readonly number[]): string {
  const runs: { seed: number; length: number }[] = [];
  for (const seed of seeds) {
    const last = runs.at(-1);
    if (last?.seed === seed) last.length += 1;
    else runs.push({ seed, length: 1 });
  }
  return runs.map(({ seed, length }) => `${length}×${seed}`).join(" ");
}

/** The seed of every sector, read back from the words for it. Undefined for "mixed" and "missing". */
function seedsIn(content: string): number[] | undefined {
  const sectors = contentBytes / sectorBytes;
  if (content === "zeros") return new Array<number>(sectors).fill(0);
  const whole = /^seed (\d+)$/.exec(content);
  if (whole) return new Array<number>(sectors).fill(Number(whole[1]));
  const torn = /^torn of .*\((.+)\)$/.exec(content)?.[1];
  return torn?.split(" ").flatMap((run) => {
    const [length, seed] = run.split("×").map(Number);
    return new Array<number>(length ?? 0).fill(seed ?? 0);
  });
}

/**
 * Whether a disk of this content can be what an unanswered `fillDisk` left: every sector old or new, and whole parts of new ones
 * before the one that was written last, since each part was durable before the next began.
 */
export function isTornFill(found: string, before: string, seed: number, parts = 1): boolean {
  const [now, old] = [seedsIn(found), seedsIn(before)];
  if (!now || !old) return false;
  const partSectors = contentBytes / sectorBytes / parts;
  const lastNew = now.findLastIndex((each, at) => each === seed && old[at] !== seed);
  const certain = Math.max(0, Math.floor(lastNew / partSectors)) * partSectors;
  return now.every((each, at) => each === seed || (at >= certain && each === old[at]));
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

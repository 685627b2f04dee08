import { z } from "zod";
import { quote } from "./names";

const unitBytes = new Map<string, number>([
  ["B", 1],
  ["KB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
  ["TB", 1e12],
  ["PB", 1e15],
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
  ["TiB", 2 ** 40],
  ["PiB", 2 ** 50],
]);

const quantityPattern = /^(\d{1,16})(?:\.(\d{1,9}))? ?([A-Za-z]*)$/;

/**
 * Reads a quantity of bytes such as "20GiB", "500MB" or "1.5TiB".
 * Returns the whole number of bytes, or a sentence that says what would be right.
 */
export function parseBytes(text: string): { bytes: number } | { problem: string } {
  const match = quantityPattern.exec(text);
  if (!match)
    return { problem: `"${quote(text, 40)}" is not a size; write a number and a unit, such as "20GiB" or "500MB"` };
  const [, whole = "", fraction = "", unit = ""] = match;
  const factor = unitBytes.get(unit);
  if (factor === undefined) return { problem: unitProblem(text, unit) };
  // Whole numbers only: as a float, 1.005 KB is 1004.9999999999999 bytes
  const scale = 10n ** BigInt(fraction.length);
  const scaled = BigInt(whole + fraction) * BigInt(factor);
  if (scaled % scale !== 0n) return { problem: `"${quote(text, 40)}" is not a whole number of bytes` };
  const bytes = scaled / scale;
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER))
    return { problem: `"${quote(text, 40)}" is more than the largest size, 8PiB less one byte` };
  return { bytes: Number(bytes) };
}

function unitProblem(text: string, unit: string): string {
  if (unit === "") return `"${quote(text, 40)}" has no unit; did you mean "${quote(text, 40)}GiB"?`;
  const wanted = unit.toLowerCase().replace(/^([kmgtp]i?)$/, "$1b");
  const known = [...unitBytes.keys()].find((name) => name.toLowerCase() === wanted);
  return known
    ? `"${quote(text, 40)}" has an unknown unit "${unit}"; did you mean "${text.slice(0, -unit.length).trim()}${known}"?`
    : `"${quote(text, 40)}" has an unknown unit "${quote(unit, 40)}"; units are ${[...unitBytes.keys()].join(", ")}`;
}

/** Bytes of a quantity that has already been validated; anything else is a bug of the caller. */
export function bytesOf(text: string): number {
  const parsed = parseBytes(text);
  if ("problem" in parsed) throw new RangeError(parsed.problem);
  return parsed.bytes;
}

/** A size that reads back as exactly these bytes, in the largest unit that it is a multiple of: "20GiB", "1500MB", "1025B". */
export function exactBytes(bytes: number): string {
  const units = [...unitBytes].filter(([, factor]) => factor <= bytes && bytes % factor === 0);
  const [unit, factor] = units.sort(([, a], [, b]) => b - a)[0] ?? ["B", 1];
  return `${bytes / factor}${unit}`;
}

/** Bytes for people, rounded, in the largest binary unit that keeps it short: "20GiB", "1.5MiB". What is to be typed again is `exactBytes`. */
export function formatBytes(bytes: number): string {
  const units = ["PiB", "TiB", "GiB", "MiB", "KiB"];
  for (const unit of units) {
    const factor = unitBytes.get(unit) as number;
    if (Math.abs(bytes) >= factor) return `${Number((bytes / factor).toFixed(bytes % factor === 0 ? 0 : 1))}${unit}`;
  }
  return `${bytes}B`;
}

/** Whether a size that may be valid is zero bytes. */
export function isNoBytes(text: string): boolean {
  const parsed = parseBytes(text);
  return "bytes" in parsed && parsed.bytes === 0;
}

/** A size as users write it. Two spellings of one size are equal (see `sameInput`). */
export const byteQuantity = z
  .string({ error: 'expected a size such as "20GiB"' })
  .superRefine((text, context) => {
    const parsed = parseBytes(text);
    if ("problem" in parsed) context.addIssue({ code: "custom", message: parsed.problem });
  })
  .meta({ format: "bytes" });

const unitMs: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3, w: 7 * 86_400e3 };
const durationPattern = /^(\d{1,6})([smhdw])$/;

/** Reads a duration such as "30s", "15m", "24h", "7d" or "4w". Returns milliseconds, or a sentence that says what would be right. */
export function parseDuration(text: string): { ms: number } | { problem: string } {
  const match = durationPattern.exec(text);
  if (!match)
    return {
      problem: `"${quote(text, 40)}" is not a duration; write a whole number and s, m, h, d or w, such as "24h"`,
    };
  return { ms: Number(match[1]) * (unitMs[match[2] as string] as number) };
}

/** Milliseconds of a duration that has already been validated. */
export function durationMs(text: string): number {
  const parsed = parseDuration(text);
  if ("problem" in parsed) throw new RangeError(parsed.problem);
  return parsed.ms;
}

/** A duration as users write it. */
export const duration = z
  .string({ error: 'expected a duration such as "24h"' })
  .superRefine((text, context) => {
    const parsed = parseDuration(text);
    if ("problem" in parsed) context.addIssue({ code: "custom", message: parsed.problem });
  })
  .meta({ format: "duration" });

/** Bytes a second of a rate such as "200MiB/s"; undefined if it is not one. */
export function bytesPerSecond(text: string): number | undefined {
  if (!text.endsWith("/s")) return undefined;
  const parsed = parseBytes(text.slice(0, -2));
  return "bytes" in parsed && parsed.bytes > 0 ? parsed.bytes : undefined;
}

/** A rate as users write it, in bytes a second. */
export const byteRate = z
  .string({ error: 'expected a rate such as "200MiB/s"' })
  .refine((text) => bytesPerSecond(text) !== undefined, {
    error: (issue) =>
      `"${quote(String(issue.input), 40)}" is not a rate; write a number, a unit and "/s", such as "200MiB/s"`,
  })
  .meta({ format: "rate" });

import { z } from "zod";
import { quote } from "./names";

/** The words that may stand for five fields, and what they mean. */
export const scheduleWords: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
};

/** The five cron fields of a schedule, single-spaced: minute, hour, day of month, month, day of week. A word is spelled out. */
export function cronOf(schedule: string): string {
  const text = schedule.trim();
  return Object.hasOwn(scheduleWords, text) ? (scheduleWords[text] as string) : text.split(/\s+/).join(" ");
}

/**
 * Says what is wrong with a schedule, or undefined. A schedule is five cron fields or one of `scheduleWords`. The extensions that cron
 * libraries have (seconds, `L`, `W`, `#`, `?`) are refused, so that a schedule means the same everywhere; so is one that never runs.
 */
export function scheduleProblem(schedule: string): string | undefined {
  const said = `"${quote(schedule, 60)}"`;
  const cron = cronOf(schedule);
  const words = Object.keys(scheduleWords).join(", ");
  if (cron.startsWith("@")) return `${said} is not a schedule; the words are ${words}`;
  const fields = cron.split(" ");
  if (fields.length !== 5)
    return `${said} is not a schedule; write five cron fields, such as "30 2 * * *", or one of ${words}`;
  const odd = fields.find(
    (field) => !/^(?:(?:\*|\d{1,2}|[A-Za-z]{3})(?:-(?:\d{1,2}|[A-Za-z]{3}))?(?:\/\d{1,2})?(?:,(?!$)|$))+$/.test(field),
  );
  if (odd)
    return `${said} is not a schedule: "${quote(odd, 20)}" is not a cron field; fields are made of numbers, names, *, -, / and commas`;
  const beyond = beyondRange(fields);
  if (beyond) return `${said} is not a schedule: Invalid value for ${beyond}`;
  try {
    // Leap days are the rarest that run at all, at most eight years apart.
    if (parseCron(cron).nextRun(new Date("2096-03-01T00:00:00Z"))) return undefined;
  } catch (error) {
    return `${said} is not a schedule: ${error instanceof Error ? error.message.replace(/^CronPattern: /, "") : "not understood"}`;
  }
  return `${said} never runs: there is no such day`;
}

/** The fields, with the numbers that may stand in them; 7 is Sunday, like 0. */
const ranges = [
  ["minute", 0, 59],
  ["hour", 0, 23],
  ["day of month", 1, 31],
  ["month", 1, 12],
  ["day of week", 0, 7],
] as const;

/** The first number that its field cannot have, and which it can. The library names another number than the one that was written. */
function beyondRange(fields: string[]): string | undefined {
  for (const [index, [what, least, most]] of ranges.entries()) {
    const numbers = (fields[index] as string).replace(/\/\d+/g, "").match(/\d+/g) ?? [];
    const beyond = numbers.find((number) => Number(number) < least || Number(number) > most);
    if (beyond !== undefined) return `${what}: ${beyond} (${least}-${most})`;
  }
  return undefined;
}

/** The schedule by the clock on the wall: the library is told no zone, so the instants that it gives are readings of that clock. */
export function parseCron(cron: string): { nextRun(after: Date): Date | null } {
  // Loaded when a schedule is looked at first: most programs have none.
  const { Cron } = require("croner") as typeof import("croner");
  return new Cron(cron, { mode: "5-part", utcOffset: 0, paused: true });
}

/** A schedule given by a user. */
export const scheduleText = z
  .string({ error: 'expected a schedule such as "@daily" or "30 2 * * *"' })
  .superRefine((text, context) => {
    const problem = scheduleProblem(text);
    if (problem) context.addIssue({ code: "custom", message: problem });
  });

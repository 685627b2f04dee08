import { KrStorageError } from "../model/errors";
import { cronOf, parseCron, scheduleProblem } from "../model/schedule";

const minuteMs = 60_000;

/** A schedule by the clock on the wall. Where that clock is, and what happens where it is changed, is `slots.ts`. */
export interface Schedule {
  /** The next run after that reading of the clock, in milliseconds since 1970 on the wall; undefined after the year 9999. */
  next(afterWallMs: number): number | undefined;
  /** Whether it runs at that reading of the clock. */
  runsAt(wallMs: number): boolean;
  /** Whether it follows the passing hours (the hour field begins with `*`) rather than naming hours of the day. */
  readonly isInterval: boolean;
}

const known = new Map<string, Schedule>();
/** The library keeps some 80 kB for each expression, so only so many are kept. */
const mostKnown = 64;

/** Reads five cron fields or a word such as `@daily`. INVALID_ARGUMENT for what is none, or never runs. */
export function openSchedule(text: string): Schedule {
  const cron = cronOf(text);
  const found = known.get(cron);
  if (found) return found;
  const problem = scheduleProblem(text);
  if (problem)
    throw new KrStorageError("INVALID_ARGUMENT", problem, { issues: [{ path: "schedule", message: problem }] });
  const schedule = createSchedule(cron);
  if (known.size >= mostKnown) known.clear();
  known.set(cron, schedule);
  return schedule;
}

function createSchedule(cron: string): Schedule {
  const library = parseCron(cron);
  const next = (afterWallMs: number) => library.nextRun(new Date(afterWallMs))?.getTime();
  return {
    next,
    runsAt: (wallMs) => wallMs % minuteMs === 0 && next(wallMs - minuteMs) === wallMs,
    isInterval: (cron.split(" ")[1] as string).startsWith("*"),
  };
}

import { KrStorageError } from "../model/errors";
import { type Instant, instantMs } from "./instant";
import { openSchedule, type Schedule } from "./schedule";
import { openZone, type Stretch, type Zone } from "./zone";

/** One time at which a policy is to take a snapshot. */
export interface Slot {
  /** Its name, which is its start in UTC: `20261121t020000z`. The two 02:00 of a night in which clocks are set back have two names. */
  readonly name: string;
  readonly start: Date;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** The name of the slot that starts at that instant (whole seconds). Fit for the name of a snapshot. */
export function slotName(start: Instant): string {
  const iso = new Date(instantMs(start, "the start of a slot")).toISOString();
  return `${iso
    .replace(/\.\d+Z$/, "z")
    .replace(/[:-]/g, "")
    .toLowerCase()}`;
}

/** The start of a slot by its name; undefined if it is not the name of one. */
export function parseSlotName(name: string): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)(\d\d)z$/.exec(name);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const start = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(start.getTime()) || slotName(start) !== name ? undefined : start;
}

export interface RunsOptions {
  /** Runs after this instant; one at this instant is not among them. */
  readonly from: Instant;
  /** How many. Default 1. */
  readonly count?: number;
  /** The IANA zone of the schedule. Default "UTC"; never the host's. */
  readonly timezone?: string;
}

/** The next runs of a schedule. Fewer than asked for if there are no more before the year 9999. INVALID_ARGUMENT for a schedule or zone that is none. */
export function nextRuns(schedule: string, options: RunsOptions): Date[] {
  const fromMs = instantMs(options.from, "from");
  const count = options.count ?? 1;
  if (!Number.isInteger(count) || count < 0)
    throw new KrStorageError("INVALID_ARGUMENT", `count is ${count}; it is a whole number`);
  const opened = openSchedule(schedule);
  const zone = openZone(options.timezone ?? "UTC");
  const runs: Date[] = [];
  for (let atMs = fromMs + 1; runs.length < count; ) {
    // Only a little further than the next run by the clock on the wall: there may be none in it, where that time came already.
    const wallMs = firstFrom(opened, atMs + zone.offsetAt(atMs));
    if (wallMs === undefined) break;
    const toMs = wallMs + 2 * dayMs;
    for (const startMs of runsIn(opened, zone, atMs, toMs)) {
      if (runs.length >= count) break;
      runs.push(new Date(startMs));
    }
    atMs = toMs;
  }
  return runs;
}

export interface SlotsOptions {
  /** The first instant that counts. */
  readonly from: Instant;
  /** The first instant that does not count any more. */
  readonly to: Instant;
  /** The IANA zone of the schedule. Default "UTC"; never the host's. */
  readonly timezone?: string;
}

/** The slots of a schedule from `from` up to but not including `to`, in order. INVALID_ARGUMENT for a schedule or zone that is none. */
export function slotsBetween(schedule: string, options: SlotsOptions): Slot[] {
  const fromMs = instantMs(options.from, "from");
  const toMs = instantMs(options.to, "to");
  const starts = [...runsIn(openSchedule(schedule), openZone(options.timezone ?? "UTC"), fromMs, toMs)];
  return starts.map((startMs) => ({ name: slotName(startMs), start: new Date(startMs) }));
}

/**
 * The runs of a schedule in milliseconds, in order, from `fromMs` up to but not including `toMs`. Between two changes of the clock, wall and
 * UTC differ by one number; what is left is what happens at a change:
 *
 * - Set ahead: a run in the time that is skipped happens at the first instant after it. A schedule that follows the passing hours has its
 *   next run an hour later anyhow, and needs no other.
 * - Set back: a time that comes twice is two runs of a schedule that follows the hours, and one, the first, of a schedule that names hours.
 */
export function* runsIn(schedule: Schedule, zone: Zone, fromMs: number, toMs: number): Generator<number> {
  for (const stretch of zone.stretches(fromMs, toMs)) {
    const endMs = Math.min(stretch.endMs, toMs);
    const isCaughtUp = stretch.startMs >= fromMs && skipsRun(schedule, stretch);
    if (isCaughtUp) yield stretch.startMs;
    const repeatedMs = schedule.isInterval ? 0 : Math.max(0, stretch.offsetBeforeMs - stretch.offsetMs);
    const firstMs = Math.max(fromMs, stretch.startMs + Math.max(repeatedMs, isCaughtUp ? 1 : 0));
    for (
      let wallMs = firstFrom(schedule, firstMs + stretch.offsetMs);
      wallMs !== undefined;
      wallMs = schedule.next(wallMs)
    ) {
      const startMs = wallMs - stretch.offsetMs;
      if (startMs >= endMs) break;
      yield startMs;
    }
  }
}

function skipsRun(schedule: Schedule, { startMs, offsetMs, offsetBeforeMs }: Stretch): boolean {
  const skippedMs = offsetMs - offsetBeforeMs;
  const endWallMs = startMs + offsetMs;
  if (skippedMs <= 0) return false;
  for (
    let wallMs = firstFrom(schedule, endWallMs - skippedMs);
    wallMs !== undefined && wallMs < endWallMs;
    wallMs = schedule.next(wallMs)
  ) {
    if (!schedule.isInterval || !schedule.runsAt(wallMs + skippedMs)) return true;
  }
  return false;
}

/** The first run at or after that reading of the clock. Runs are at whole minutes. */
function firstFrom(schedule: Schedule, wallMs: number): number | undefined {
  return schedule.next(Math.ceil(wallMs / minuteMs) * minuteMs - minuteMs);
}

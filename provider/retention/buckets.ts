import type { Zone } from "./zone";

/** The periods that rules keep the newest snapshot of. `last` is every snapshot by itself. */
export type Unit = "last" | "hourly" | "daily" | "weekly" | "monthly" | "yearly";
export type Period = Exclude<Unit, "last">;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The number of the period that an instant is in, by the clock on the wall of `zone`; a later period has a greater number. */
export type PeriodOf = (ms: number) => number;

/**
 * Numbers periods. Days, ISO weeks (Monday to Sunday, so a year of 53 weeks needs no rule), months and years are those of the zone. An hour
 * is known by the instant at which it began, so that the repeated hour at the end of summer time is two.
 */
export function periodNumbers(zone: Zone): Readonly<Record<Period, PeriodOf>> {
  const dayOf = (ms: number) => Math.floor((ms + zone.offsetAt(ms)) / dayMs);
  const dates = dateCache();
  return {
    hourly: (ms) => {
      const offsetMs = zone.offsetAt(ms);
      return Math.floor((ms + offsetMs) / hourMs) * hourMs - offsetMs;
    },
    daily: dayOf,
    weekly: (ms) => Math.floor((dayOf(ms) + 3) / 7), // day 0, 1 January 1970, was a Thursday
    monthly: (ms) => dates(dayOf(ms)).month,
    yearly: (ms) => dates(dayOf(ms)).year,
  };
}

/** Snapshots come in order, so the date that was asked for last is mostly the next one too. */
function dateCache(): (day: number) => { month: number; year: number } {
  let known = Number.NaN;
  let date = { month: 0, year: 0 };
  return (day) => {
    if (day !== known) {
      const utc = new Date(day * dayMs);
      const year = utc.getUTCFullYear();
      date = { year, month: year * 12 + utc.getUTCMonth() };
      known = day;
    }
    return date;
  };
}

/** The period that an instant is in, for people: `2026-10-25 02:00+01:00`, `2026-11-20`, `2026-W47`, `2026-11`, `2026`. */
export function periodLabel(period: Period, ms: number, zone: Zone): string {
  const offsetMs = zone.offsetAt(ms);
  const wall = new Date(ms + offsetMs);
  const date = wall.toISOString().slice(0, -14);
  switch (period) {
    case "hourly":
      return `${date} ${String(wall.getUTCHours()).padStart(2, "0")}:00${offsetLabel(offsetMs)}`;
    case "daily":
      return date;
    case "weekly":
      return isoWeek(wall);
    case "monthly":
      return date.slice(0, -3);
    case "yearly":
      return date.slice(0, -6);
  }
}

function offsetLabel(offsetMs: number): string {
  if (offsetMs === 0) return "Z";
  const clock = new Date(Math.abs(offsetMs)).toISOString();
  return `${offsetMs < 0 ? "-" : "+"}${clock.slice(11, clock.slice(17, 19) === "00" ? 16 : 19)}`;
}

/** ISO 8601: a week belongs to the year that its Thursday is in. */
function isoWeek(wall: Date): string {
  const day = Math.floor(wall.getTime() / dayMs);
  const thursday = Math.floor((day + 3) / 7) * 7;
  const date = new Date(thursday * dayMs).toISOString();
  const yearDay = thursday - Math.floor(new Date(thursday * dayMs).setUTCMonth(0, 1) / dayMs);
  return `${date.slice(0, -20)}-W${String(Math.floor(yearDay / 7) + 1).padStart(2, "0")}`;
}

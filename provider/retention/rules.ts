import { type CalendarSpan, calendarSpanOf, isEmptySpan } from "../model/calendarSpan";
import { KrStorageError } from "../model/errors";
import type { Unit } from "./buckets";
import { instantMs } from "./instant";
import type { RetentionPolicy } from "./policy";
import type { Zone } from "./zone";

/** One rule of a policy, as it is counted: the newest of each period, for a number of periods or back to an instant. */
export interface Rule {
  readonly unit: Unit;
  /** As people say it: "daily 7", "last (all)", "hourly within 2d". */
  readonly name: string;
  /** How many periods it keeps; Infinity for all. */
  readonly count: number;
  /** For a span: how far back it goes. */
  readonly span?: CalendarSpan & { readonly text: string };
}

const units = [
  ["last", "keepLast", "keepWithin"],
  ["hourly", "keepHourly", "keepWithinHourly"],
  ["daily", "keepDaily", "keepWithinDaily"],
  ["weekly", "keepWeekly", "keepWithinWeekly"],
  ["monthly", "keepMonthly", "keepWithinMonthly"],
  ["yearly", "keepYearly", "keepWithinYearly"],
] as const;

/** The rules of a policy that keep anything by time: counts first, then spans, from the finest to the coarsest. */
export function rulesOf(policy: RetentionPolicy): Rule[] {
  const counts = units.flatMap(([unit, key]): Rule[] => {
    const count = policy[key] ?? 0;
    if (count === 0) return [];
    return [
      count < 0
        ? { unit, name: `${unit} (all)`, count: Number.POSITIVE_INFINITY }
        : { unit, name: `${unit} ${count}`, count },
    ];
  });
  const spans = units.flatMap(([unit, , key]): Rule[] => {
    const text = policy[key];
    const span = text === undefined ? undefined : calendarSpanOf(text);
    if (text === undefined || !span || isEmptySpan(span)) return [];
    const name = unit === "last" ? `within ${text}` : `${unit} within ${text}`;
    return [{ unit, name, count: Number.POSITIVE_INFINITY, span: { ...span, text } }];
  });
  return [...counts, ...spans];
}

/**
 * What spans are counted back from, in milliseconds; undefined if there is no snapshot, and then they keep everything. INVALID_ARGUMENT if
 * it is to be now and the caller does not say when that is.
 */
export function windowEnd(
  policy: RetentionPolicy,
  newestMs: number | undefined,
  nowMs: number | undefined,
): number | undefined {
  const from = policy.keepWithinFrom ?? "latest";
  if (from === "latest") return newestMs;
  if (from !== "now") return instantMs(from, "keepWithinFrom");
  if (nowMs !== undefined) return nowMs;
  throw new KrStorageError("INVALID_ARGUMENT", 'keepWithinFrom: "now" needs to be told when now is');
}

/** What is taken at or before this instant is outside the rule: the end of the window, back by the calendar of `zone`, then by hours. */
export function cutoffMs(rule: Rule, endMs: number | undefined, zone: Zone): number {
  if (!rule.span || endMs === undefined) return Number.NEGATIVE_INFINITY;
  const { years, months, days, hours } = rule.span;
  const wall = new Date(endMs + zone.offsetAt(endMs));
  wall.setUTCFullYear(wall.getUTCFullYear() - years, wall.getUTCMonth() - months, wall.getUTCDate() - days);
  if (Number.isNaN(wall.getTime())) return Number.NEGATIVE_INFINITY; // before there were calendars
  const sameDay = years === 0 && months === 0 && days === 0;
  return (sameDay ? endMs : zone.instantOf(wall.getTime())) - hours * 3_600_000;
}

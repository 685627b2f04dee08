import { z } from "zod";
import { quote } from "./names";

/** A length of time by the calendar. A month is a month, however many days it has, so it has no length in milliseconds. */
export interface CalendarSpan {
  years: number;
  months: number;
  days: number;
  hours: number;
}

const units = { y: "years", m: "months", d: "days", h: "hours" } as const;

/**
 * Reads a span such as "7d", "1y6m" or "13d23h": y, m (months), d and h, each at most once, in any order. It is the notation of
 * restic's `--keep-within`. Returns the span, or a sentence that says what would be right.
 */
export function parseCalendarSpan(text: string): { span: CalendarSpan } | { problem: string } {
  const span: CalendarSpan = { years: 0, months: 0, days: 0, hours: 0 };
  const parts = [...text.matchAll(/(\d{1,6})([ymdh])/g)];
  const letters = new Set(parts.map((part) => part[2]));
  if (text === "" || parts.map((part) => part[0]).join("") !== text || letters.size !== parts.length) {
    return {
      problem: `"${quote(text, 40)}" is not a span; write numbers with y, m (months), d or h, such as "7d" or "1y6m"`,
    };
  }
  for (const [, digits, unit] of parts) span[units[unit as keyof typeof units]] = Number(digits);
  return { span };
}

/** The span of a text that has already been validated; anything else is a bug of the caller. */
export function calendarSpanOf(text: string): CalendarSpan {
  const parsed = parseCalendarSpan(text);
  if ("problem" in parsed) throw new RangeError(parsed.problem);
  return parsed.span;
}

/** Whether a span is no time at all, such as "0d". */
export function isEmptySpan(span: CalendarSpan): boolean {
  return span.years === 0 && span.months === 0 && span.days === 0 && span.hours === 0;
}

/** A calendar span as users write it. Here `m` is months, as in restic; in other durations of this package it is minutes. */
export const calendarSpan = z
  .string({ error: 'expected a span such as "7d" or "1y6m"' })
  .superRefine((text, context) => {
    const parsed = parseCalendarSpan(text);
    if ("problem" in parsed) context.addIssue({ code: "custom", message: parsed.problem });
  });

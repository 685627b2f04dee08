import { z } from "zod";
import { calendarSpan, isEmptySpan, parseCalendarSpan } from "./calendarSpan";

const count = z
  .int({ error: "expected a whole number" })
  .min(-1, { error: "a count is 0 or more, or -1 for all" })
  .max(1_000_000, { error: "a count is at most 1000000; write -1 for all" });

const isWindowEnd = (text: string) =>
  ["latest", "now"].includes(text) || z.iso.datetime({ offset: true }).safeParse(text).success;

/** Which snapshots are kept: those that any of these rules keeps. Each rule counts for itself, from the newest back. The rules are restic's. */
export const retentionRules = z.strictObject({
  /** How many of the newest are kept; -1 is all. */
  keepLast: count.optional(),
  /** In how many hours that have snapshots the newest is kept; -1 is all. */
  keepHourly: count.optional(),
  /** In how many days that have snapshots the newest is kept; -1 is all. */
  keepDaily: count.optional(),
  /** In how many ISO weeks that have snapshots the newest is kept; -1 is all. */
  keepWeekly: count.optional(),
  /** In how many months that have snapshots the newest is kept; -1 is all. */
  keepMonthly: count.optional(),
  /** In how many years that have snapshots the newest is kept; -1 is all. */
  keepYearly: count.optional(),
  /** How far back everything is kept, such as "7d" or "1y6m" (y, m for months, d, h). */
  keepWithin: calendarSpan.optional(),
  /** How far back the newest of each hour is kept. */
  keepWithinHourly: calendarSpan.optional(),
  /** How far back the newest of each day is kept. */
  keepWithinDaily: calendarSpan.optional(),
  /** How far back the newest of each ISO week is kept. */
  keepWithinWeekly: calendarSpan.optional(),
  /** How far back the newest of each month is kept. */
  keepWithinMonthly: calendarSpan.optional(),
  /** How far back the newest of each year is kept. */
  keepWithinYearly: calendarSpan.optional(),
  /**
   * What the `keepWithin…` spans are counted back from: `latest`, the newest snapshot, so that history stays while no new ones are made;
   * `now`, so that it ages all the same; or an instant (ISO 8601 with its offset). Default "latest".
   */
  keepWithinFrom: z
    .string()
    .refine(isWindowEnd, { error: '"latest", "now" or an instant such as "2026-11-20T00:00:00Z"' })
    .optional(),
  /** Snapshots with all tags of any of these lists are kept. */
  keepTags: z.array(z.array(z.string().min(1)).min(1, { error: "a list of tags names at least one" })).optional(),
});
export type RetentionRules = z.infer<typeof retentionRules>;

/** Whether no rule can keep anything. Such a policy is refused where it would act: it would remove everything. */
export function keepsNothing(rules: RetentionRules): boolean {
  const { keepWithinFrom: _from, keepTags, ...others } = rules;
  return (keepTags ?? []).length === 0 && Object.values(others).every(isIdle);
}

function isIdle(rule: number | string | undefined): boolean {
  if (typeof rule !== "string") return (rule ?? 0) === 0;
  const parsed = parseCalendarSpan(rule);
  return "span" in parsed && isEmptySpan(parsed.span);
}

/** The retention of a policy: at least one rule that keeps something. */
export const retention = retentionRules.refine((rules) => !keepsNothing(rules), {
  error: "keeps nothing; give at least one rule, such as keepDaily: 7",
});

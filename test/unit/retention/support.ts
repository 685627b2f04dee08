import fc from "fast-check";
import type { RetentionPolicy, RetentionSnapshot } from "../../../provider/retention";

/** Zones that between them do everything: both directions, half hours, quarter hours, changes at midnight, a skipped day, none. */
export const zones = ["Europe/Vienna", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "UTC"] as const;

export const firstMs = Date.UTC(1970, 0, 1);
export const lastMs = Date.UTC(2101, 0, 1) - 1;
export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** Snapshots named by their time, such as "2026-11-20T02:00Z". */
export function at(...times: string[]): { id: string; time: string }[] {
  return times.map((time) => ({ id: time, time }));
}

/** Some 32 years of snapshots for every million, in an order that is none and the same every time. */
export function snapshotsInNoOrder(count: number): { id: string; time: number }[] {
  const step = 7_919; // prime, and no divisor of a power of ten: each is visited once
  return Array.from({ length: count }, (_, n) => {
    const place = (n * step) % count;
    return { id: `s${place}`, time: firstMs + place * 1_000_000 };
  });
}

export const ids = (all: readonly { id: string }[]): string[] => all.map(({ id }) => id);

const clocks = new Map<string, Intl.DateTimeFormat>();

/** What a clock on the wall shows, by Intl alone: `2026-10-25 02:30`. */
export function wallOf(instant: Date | number, timezone: string): string {
  const clock =
    clocks.get(timezone) ??
    new Intl.DateTimeFormat("sv-SE", { timeZone: timezone, dateStyle: "short", timeStyle: "short" });
  clocks.set(timezone, clock);
  return clock.format(instant);
}

export const anyZone = fc.constantFrom(...zones, ...Intl.supportedValuesOf("timeZone"));
export const anyInstant = fc.integer({ min: firstMs, max: lastMs });

const unlimited = 200;
const anyCount = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constant(-1));
const anySpan = fc.constantFrom("0d", "1h", "36h", "1d", "7d", "1m", "1m14d", "1y", "2y3m4d5h", "9999y");

export const anyPolicy: fc.Arbitrary<RetentionPolicy> = fc.record(
  {
    keepLast: anyCount,
    keepHourly: anyCount,
    keepDaily: anyCount,
    keepWeekly: anyCount,
    keepMonthly: anyCount,
    keepYearly: anyCount,
    keepWithin: anySpan,
    keepWithinHourly: anySpan,
    keepWithinDaily: anySpan,
    keepWithinWeekly: anySpan,
    keepWithinMonthly: anySpan,
    keepWithinYearly: anySpan,
    keepTags: fc.array(fc.subarray(["a", "b", "c"], { minLength: 1 }), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

/** Snapshots in no order, some close together, some of one instant, anywhere from 1970 to 2100. */
export const anySnapshots: fc.Arbitrary<(RetentionSnapshot & { time: number })[]> = fc
  .tuple(anyInstant, fc.constantFrom(1, 60_000, hourMs / 2, hourMs, dayMs / 3, dayMs, 9 * dayMs, 80 * dayMs))
  .chain(([startMs, unitMs]) =>
    fc
      .array(fc.tuple(fc.integer({ min: 0, max: unlimited }), fc.subarray(["a", "b", "c"])), { maxLength: 60 })
      .map((all) => all.map(([steps, tags], n) => ({ id: `s${n}`, time: startMs + steps * unitMs, tags }))),
  );

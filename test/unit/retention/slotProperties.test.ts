import { Cron } from "croner";
import fc from "fast-check";
import { nextRuns, slotsBetween } from "../../../provider/retention";
import { anyInstant, anyZone, dayMs, hourMs, wallOf, zones } from "./support";

const anyDaily = fc
  .tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 23 }))
  .map(([minute, hour]) => ({ minute, hour, schedule: `${minute} ${hour} * * *` }));

test("in any zone and year, a daily schedule runs once on every day that there is", () => {
  fc.assert(
    fc.property(anyZone, anyInstant, anyDaily, (timezone, from, { minute, hour, schedule }) => {
      const clock = `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
      const runs = nextRuns(schedule, { timezone, from, count: 10 });
      expect(runs).toHaveLength(10);
      const walls = runs.map((run) => wallOf(run, timezone));
      for (const [n, wall] of walls.entries()) {
        // A day apart, give or take a change of the clock, and at the hour that was asked for, or at the end of a time that was skipped.
        const gapMs = n === 0 ? dayMs : (runs[n] as Date).getTime() - (runs[n - 1] as Date).getTime();
        expect(Math.abs(gapMs - dayMs)).toBeLessThanOrEqual(24 * hourMs);
        if (wall.slice(11) !== clock)
          expect(wallOf((runs[n] as Date).getTime() - 1, timezone) < `${wall.slice(0, 11)}${clock}`).toBe(true);
      }
      if (new Set(walls.map((wall) => wall.slice(0, 10))).size !== 10) expect(timezone).toMatch(/^Pacific|^Antarctica/); // skipped whole days
    }),
    { numRuns: 200 },
  );
});

test("in any zone and year, @hourly runs every hour, also where hours are skipped or repeated", () => {
  fc.assert(
    fc.property(anyZone, anyInstant, (timezone, from) => {
      const starts = slotsBetween("@hourly", { from, to: from + 3 * dayMs, timezone }).map(({ start }) =>
        start.getTime(),
      );
      const gaps = starts.slice(1).map((start, n) => (start - (starts[n] as number)) / hourMs);
      expect(gaps.every((gap) => gap > 0 && gap < 2)).toBe(true);
      expect(Math.abs(starts.length - 72)).toBeLessThanOrEqual(1);
    }),
    { numRuns: 200 },
  );
});

test("slots of a range are those of its parts, wherever it is cut", () => {
  const schedules = ["@hourly", "*/20 * * * *", "30 2 * * *", "0 */2 * * *", "0 0 1 * *", "15 1-3 * * SUN"];
  const anyRange = fc.tuple(fc.constantFrom(...changes()), fc.nat(3 * dayMs), fc.nat(3 * dayMs));
  fc.assert(
    fc.property(fc.constantFrom(...schedules), anyRange, (schedule, [[timezone, changeMs], before, after]) => {
      const [from, middle, to] = [changeMs - 3 * dayMs, changeMs - 3 * dayMs + before + after, changeMs + 4 * dayMs];
      const whole = slotsBetween(schedule, { from, to, timezone });
      const parts = [
        ...slotsBetween(schedule, { from, to: middle, timezone }),
        ...slotsBetween(schedule, { from: middle, to, timezone }),
      ];
      expect(parts).toEqual(whole);
      const runs = nextRuns(schedule, { from: from - 1, count: whole.length, timezone });
      expect(runs).toEqual(whole.map(({ start }) => start));
    }),
    { numRuns: 100 },
  );
});

function changes(): [string, number][] {
  return [
    ["Europe/Vienna", Date.UTC(2026, 2, 29, 1)],
    ["Europe/Vienna", Date.UTC(2026, 9, 25, 1)],
    ["America/St_Johns", Date.UTC(2006, 3, 2, 3, 31)],
    ["America/St_Johns", Date.UTC(2006, 9, 29, 2, 31)],
    ["Asia/Kathmandu", Date.UTC(1985, 11, 31, 18, 30)],
    ["Pacific/Apia", Date.UTC(2011, 11, 30, 10)],
    ["Australia/Lord_Howe", Date.UTC(2026, 9, 3, 15, 30)],
    ["UTC", Date.UTC(2028, 1, 29)],
  ];
}

test("where no clock is changed between two runs, the library's own reckoning of the zone gives the same", () => {
  const schedules = ["@hourly", "*/20 * * * *", "30 2 * * *", "0 0 1 * *", "15 1-3 * * SUN", "0 12 29 2 *"];
  fc.assert(
    fc.property(fc.constantFrom(...zones), anyInstant, fc.constantFrom(...schedules), (timezone, from, schedule) => {
      const ours = nextRuns(schedule, { timezone, from, count: 3 });
      const minute = from - (((from % 60_000) + 60_000) % 60_000);
      const walls = [minute, ...ours.map(Number)].map(
        (ms) => ms - Date.parse(`${wallOf(ms, timezone).replace(" ", "T")}Z`),
      );
      fc.pre(new Set(walls).size === 1);
      expect(new Cron(schedule, { timezone, paused: true }).nextRuns(3, new Date(from))).toEqual(ours);
    }),
    { numRuns: 300 },
  );
});

import {
  defaultMaxDeletes,
  type PlannedSnapshot,
  planRetention,
  simulate,
  simulatedAt,
  slotsBetween,
} from "../../../provider/retention";
import { dayMs, hourMs, zones } from "./support";

const owner = "0123456789abcdef0123456789abcdef";
const policy = { keepHourly: 24, keepDaily: 7, keepWeekly: 4, keepMonthly: 12 };

test.each(
  zones.flatMap(
    (zone) =>
      [
        [zone, "2026-03-01T00:00:00Z"],
        [zone, "2026-10-10T00:00:00Z"],
      ] as const,
  ),
)("in %s from %s, what is simulated is what planning run by run does", (timezone, from) => {
  const simulation = simulate(policy, "0 */3 * * *", { from, years: 0.1, timezone });
  let existing: PlannedSnapshot[] = [];
  for (const { name, start } of slotsBetween("0 */3 * * *", { from, to: simulation.to, timezone })) {
    existing.push({ id: name, time: start, owner });
    const { remove } = planRetention(existing, policy, { owner, timezone, now: start });
    const removed = new Set(remove.map(({ id }) => id));
    existing = existing.filter(({ id }) => !removed.has(id));
  }
  expect(simulatedAt(simulation, simulation.to).restorePoints).toEqual(existing.map(({ time }) => time));
});

test.each(zones)(
  "two years of hourly, daily, weekly and monthly in %s: what is there, and no hole in it",
  (timezone) => {
    const simulation = simulate(policy, "@hourly", { from: "2024-01-01T00:00:00Z", years: 2, timezone });
    const { restorePoints, longestGap } = simulatedAt(simulation, "2025-12-30T12:30:00Z");
    const age = (n: number) => (Date.UTC(2025, 11, 30, 12, 30) - (restorePoints.at(-n) as Date).getTime()) / hourMs;
    expect([age(1), age(24)].map(Math.floor)).toEqual([0, 23]);
    // 24 + 7 + 4 + 12, less those that are kept for several reasons
    expect(restorePoints.length).toBeGreaterThan(36);
    expect(restorePoints.length).toBeLessThanOrEqual(47);
    expect((longestGap as { ms: number }).ms).toBeLessThanOrEqual(31 * dayMs + hourMs);
    expect(simulation.mostSnapshots).toBeLessThanOrEqual(48);
    expect(simulation.snapshots).toHaveLength(17_544);
  },
);

test("gaps are between restore points and up to the date, and space is by the change rate", () => {
  const simulation = simulate({ keepLast: 3 }, "@daily", { from: "2026-01-01T00:00:00Z", years: 1, changeRate: 0.1 });
  const date = simulatedAt(simulation, "2026-06-10T12:00:00Z");
  expect(date.restorePoints.map((point) => point.toISOString().slice(0, 10))).toEqual([
    "2026-06-08",
    "2026-06-09",
    "2026-06-10",
  ]);
  expect(date.gaps.map(({ ms }) => ms / dayMs)).toEqual([1, 1, 0.5]);
  expect(date.longestGap?.from).toEqual(new Date("2026-06-08T00:00:00Z"));
  expect(date.space).toBeCloseTo(2 * (1 - Math.exp(-0.1)) + (1 - Math.exp(-0.05)), 12);
  expect(simulatedAt(simulate({ keepLast: 3 }, "@daily", { from: 0, years: 1 }), 0)).not.toHaveProperty("space");
});

test("before the first run there is nothing, and after the end nothing is known", () => {
  const simulation = simulate({ keepLast: 3 }, "0 12 * * *", { from: "2026-01-01T00:00:00Z", years: 0.5 });
  expect(simulatedAt(simulation, "2026-01-01T11:59:59Z")).toEqual({
    at: new Date("2026-01-01T11:59:59Z"),
    restorePoints: [],
    gaps: [],
  });
  expect(() => simulatedAt(simulation, "2027-01-01T00:00:00Z")).toThrow(/not within the simulation/);
});

test("years are those of the calendar", () => {
  expect(simulate({ keepLast: 1 }, "@yearly", { from: "2024-02-01T00:00:00Z", years: 4 }).to).toEqual(
    new Date("2028-02-01T00:00:00Z"),
  );
});

test("a simulation ends after as many runs as it may have", () => {
  expect(simulate({ keepLast: 5 }, "* * * * *", { from: 0, years: 100, mostRuns: 50 }).snapshots).toHaveLength(50);
});

test("the fuse of a policy is twice what its runs remove, and at least 3", () => {
  expect(defaultMaxDeletes({ keepLast: 10 }, "@daily")).toBe(3);
  expect(defaultMaxDeletes({ keepWithinDaily: "1m" }, "@daily")).toBe(2 * 4); // on 1 March four days of January leave a month's window
});

test.each([{ years: 0 }, { years: Number.NaN }, { years: 1, changeRate: -1 }])("%j is refused", (options) => {
  expect(() => simulate({ keepLast: 1 }, "@daily", { from: 0, ...options })).toThrow(/years is|changeRate is/);
});

test("a policy that keeps nothing is refused", () => {
  expect(() => simulate({}, "@daily", { from: 0, years: 1 })).toThrow(/keeps nothing/);
});

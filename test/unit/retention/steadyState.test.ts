import { type RetentionPolicy, simulate, steadyState } from "../../../provider/retention";

test.each<[string, RetentionPolicy, number]>([
  ["@hourly", { keepLast: 24 }, 25],
  ["@daily", { keepDaily: 7 }, 8],
  // Thirty years of them would be more; ten are what is looked at
  ["@yearly", { keepYearly: 30 }, 11],
  ["@monthly", { keepLast: 60 }, 61],
  ["@daily", { keepWithin: "30d" }, 31],
  // Never fewer than three good ones stay
  ["@daily", { keepLast: 1 }, 4],
])("%s, %j comes to %d with the one just taken", (schedule, policy, count) => {
  expect(steadyState(policy, schedule)).toBe(count);
});

test("it is what a simulation of ten years has at the most", () => {
  const policy = { keepHourly: 24, keepDaily: 7, keepWeekly: 4, keepMonthly: 60, keepYearly: 8 };
  const options = { timezone: "Europe/Vienna" };
  const { mostSnapshots } = simulate(policy, "@hourly", { ...options, from: "2023-01-01T00:00:00Z", years: 10 });
  expect(steadyState(policy, "@hourly", options)).toBe(mostSnapshots);
});

test("of a schedule that is too dense to be simulated for years, the years are counted", () => {
  const count = steadyState({ keepLast: 8, keepMonthly: 60 }, "* * * * *");
  expect([count >= 68, count <= 70]).toEqual([true, true]);
});

test("what has no end is counted up to a number", () => {
  expect(steadyState({ keepLast: -1 }, "* * * * *", { upTo: 101 })).toBe(101);
  expect(steadyState({ keepHourly: -1 }, "@hourly")).toBe(1000);
  expect(steadyState({ keepYearly: -1 }, "@daily")).toBeLessThan(20);
});

test("a policy that keeps nothing is refused", () => {
  expect(() => steadyState({}, "@daily")).toThrow("keeps nothing");
});

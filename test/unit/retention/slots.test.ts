import { nextRuns, parseSlotName, slotName, slotsBetween } from "../../../provider/retention";
import { hourMs } from "./support";

const runs = (schedule: string, timezone: string, from: string, count: number) =>
  nextRuns(schedule, { timezone, from, count }).map((run) => run.toISOString().slice(0, 16));

describe("AC-42 clocks are set back", () => {
  test.each([
    [
      "@hourly: the repeated hour is two slots",
      "@hourly",
      "Europe/Vienna",
      "2026-10-24T23:30Z",
      ["2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00"],
    ],
    [
      "half past every hour",
      "30 * * * *",
      "Europe/Vienna",
      "2026-10-24T23:45Z",
      ["2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"],
    ],
    [
      "02:30 comes twice, and a daily run once",
      "30 2 * * *",
      "Europe/Vienna",
      "2026-10-24T12:00Z",
      ["2026-10-25T00:30", "2026-10-26T01:30"],
    ],
    [
      "asked between the two, the next is a week later",
      "30 2 * * 0",
      "Europe/Vienna",
      "2026-10-25T01:10Z",
      ["2026-11-01T01:30"],
    ],
    [
      "every second hour follows the hours",
      "0 */2 * * *",
      "Europe/Vienna",
      "2026-10-24T21:30Z",
      ["2026-10-24T22:00", "2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T03:00"],
    ],
    [
      "over midnight (00:01 to 23:01), a daily run comes once",
      "@daily",
      "America/St_Johns",
      "2006-10-28T12:00Z",
      ["2006-10-29T02:30", "2006-10-30T03:30"],
    ],
    [
      "by half an hour",
      "@hourly",
      "Australia/Lord_Howe",
      "2026-04-04T13:30Z",
      ["2026-04-04T14:00", "2026-04-04T15:30", "2026-04-04T16:30"],
    ],
  ])("%s", (_name, schedule, timezone, from, expected) => {
    expect(runs(schedule, timezone, from, expected.length)).toEqual(expected);
  });
});

describe("clocks are set ahead: the skipped hour runs at the next valid instant", () => {
  test.each([
    [
      "a daily run at 02:30 comes at 03:00",
      "30 2 * * *",
      "Europe/Vienna",
      "2026-03-28T12:00Z",
      ["2026-03-29T01:00", "2026-03-30T00:30"],
    ],
    [
      "@hourly has no more and no fewer",
      "@hourly",
      "Europe/Vienna",
      "2026-03-28T23:30Z",
      ["2026-03-29T00:00", "2026-03-29T01:00", "2026-03-29T02:00"],
    ],
    [
      "half past every hour needs no other",
      "30 * * * *",
      "Europe/Vienna",
      "2026-03-28T23:45Z",
      ["2026-03-29T00:30", "2026-03-29T01:30"],
    ],
    [
      "every second hour",
      "0 */2 * * *",
      "Europe/Vienna",
      "2026-03-28T22:30Z",
      ["2026-03-28T23:00", "2026-03-29T01:00", "2026-03-29T02:00"],
    ],
    [
      "what was to run at 03:00 too runs once",
      "0 2,3 * * *",
      "Europe/Vienna",
      "2026-03-28T12:00Z",
      ["2026-03-29T01:00", "2026-03-30T00:00"],
    ],
    [
      "after midnight (00:01 to 01:01)",
      "30 0 * * *",
      "America/St_Johns",
      "2006-04-01T12:00Z",
      ["2006-04-02T03:31", "2006-04-03T03:00"],
    ],
    [
      "by half an hour",
      "0 2 * * *",
      "Australia/Lord_Howe",
      "2026-10-03T10:30Z",
      ["2026-10-03T15:30", "2026-10-04T15:00"],
    ],
    [
      "by a whole day: 30 December 2011 was none in Apia",
      "0 2 * * *",
      "Pacific/Apia",
      "2011-12-29T13:00Z",
      ["2011-12-30T10:00", "2011-12-30T12:00", "2011-12-31T12:00"],
    ],
    [
      "by a whole day, at midnight: one run, not two",
      "@daily",
      "Pacific/Apia",
      "2011-12-29T11:00Z",
      ["2011-12-30T10:00", "2011-12-31T10:00"],
    ],
    [
      "for good: Kathmandu moved by a quarter of an hour in 1986",
      "5 0 * * *",
      "Asia/Kathmandu",
      "1985-12-30T12:00Z",
      ["1985-12-30T18:35", "1985-12-31T18:30", "1986-01-01T18:20"],
    ],
  ])("%s", (_name, schedule, timezone, from, expected) => {
    expect(runs(schedule, timezone, from, expected.length)).toEqual(expected);
  });
});

test.each(["Europe/Vienna", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "UTC"])(
  "a year of %s has 8,760 hours, 365 days, 52 weeks and 12 months",
  (timezone) => {
    // From midnight to midnight on the wall, so that both changes of the clock are in it.
    const [from, to] = [2026, 2027].map(
      (year) => nextRuns("@yearly", { timezone, from: `${year - 1}-12-15T00:00:00Z` })[0] as Date,
    );
    const count = (schedule: string) => slotsBetween(schedule, { from: from as Date, to: to as Date, timezone }).length;
    expect(["@hourly", "@daily", "@weekly", "@monthly", "@yearly"].map(count)).toEqual([8760, 365, 52, 12, 1]);
    const starts = slotsBetween("@hourly", { from: from as Date, to: to as Date, timezone }).map(({ start }) =>
      start.getTime(),
    );
    expect(starts.every((start, n) => n === 0 || start - (starts[n - 1] as number) === hourMs)).toBe(true);
  },
);

test("29 February runs when there is one; 2100 has none", () => {
  expect(runs("0 0 29 2 *", "UTC", "2095-01-01T00:00:00Z", 2)).toEqual(["2096-02-29T00:00", "2104-02-29T00:00"]);
});

test("day of month and day of week are OR-ed where both are given, as in cron", () => {
  expect(runs("0 0 13 * FRI", "UTC", "2026-11-07T00:00:00Z", 3)).toEqual([
    "2026-11-13T00:00",
    "2026-11-20T00:00",
    "2026-11-27T00:00",
  ]);
  expect(runs("0 0 * * 7", "UTC", "2026-11-20T00:00:00Z", 1)).toEqual(["2026-11-22T00:00"]);
});

test("slots are from the first instant up to but not including the last, and are named by their start in UTC", () => {
  const slots = slotsBetween("0 3 * * *", {
    from: "2026-11-20T02:00:00Z",
    to: "2026-11-22T02:00:00Z",
    timezone: "Europe/Vienna",
  });
  expect(slots).toEqual([
    { name: "20261120t020000z", start: new Date("2026-11-20T02:00:00Z") },
    { name: "20261121t020000z", start: new Date("2026-11-21T02:00:00Z") },
  ]);
  expect(slotsBetween("@daily", { from: 10, to: 10 })).toEqual([]);
});

test("runs are after the instant that is given", () => {
  expect(runs("@daily", "UTC", "2026-11-20T00:00:00Z", 1)).toEqual(["2026-11-21T00:00"]);
  expect(runs("@daily", "UTC", "2026-11-19T23:59:59.999Z", 1)).toEqual(["2026-11-20T00:00"]);
  expect(nextRuns("@daily", { from: 0, count: 0 })).toEqual([]);
});

test("a slot's name and its start are each found from the other", () => {
  expect(slotName("2026-11-21T04:00:00+02:00")).toBe("20261121t020000z");
  expect(parseSlotName("20261121t020000z")).toEqual(new Date("2026-11-21T02:00:00Z"));
  expect(["20261131t020000z", "20261121T020000Z", "20261121t250000z", "x"].map(parseSlotName)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test.each([
  ["", /five cron fields/],
  ["@reboot", /@hourly, @daily/],
  ["@HOURLY", /@hourly, @daily/],
  ["0 0 * * * *", /five cron fields/],
  ["0 0 L * *", /"L" is not a cron field/],
  ["0 0 ? * *", /"\?" is not a cron field/],
  ["0 0 * * FRI#2", /is not a cron field/],
  ["61 * * * *", /Invalid value for minute/],
  ["0 0 * * 5-1", /From value is larger/],
  ["0 0 30 2 *", /never runs/],
])("%j is no schedule", (schedule, message) => {
  expect(() => nextRuns(schedule, { from: 0 })).toThrow(message);
});

import { applyRetention } from "../../../provider/retention";
import { at, ids } from "./support";

test("AC-43 days are those of the policy's zone: 23:00 is kept, not 01:00 of the next day", () => {
  const snapshots = at("2026-07-01T21:00:00Z", "2026-07-01T23:00:00Z"); // 23:00 and 01:00 in Vienna
  expect(ids(applyRetention(snapshots, { keepDaily: 2 }, { timezone: "Europe/Vienna" }).keep)).toHaveLength(2);
  expect(ids(applyRetention(snapshots, { keepDaily: 1 }, { timezone: "Europe/Vienna" }).keep)).toEqual([
    "2026-07-01T23:00:00Z",
  ]);
  expect(applyRetention(snapshots, { keepDaily: -1 }, { timezone: "UTC" }).remove).toEqual([]); // the oldest, while the count lasts
  const three = [...at("2026-06-30T10:00:00Z"), ...snapshots];
  expect(ids(applyRetention(three, { keepDaily: -1 }, { timezone: "UTC" }).remove)).toEqual(["2026-07-01T21:00:00Z"]);
  expect(ids(applyRetention(three, { keepDaily: -1 }, { timezone: "Europe/Vienna" }).remove)).toEqual([]);
});

test("AC-43 the host's zone changes nothing", () => {
  const before = process.env.TZ;
  const snapshots = at("2026-06-29T10:00:00Z", "2026-06-30T21:30:00Z", "2026-06-30T22:30:00Z", "2026-06-30T23:30:00Z");
  try {
    const results = ["UTC", "Pacific/Apia", "America/St_Johns"].map((zone) => {
      process.env.TZ = zone;
      return applyRetention(snapshots, { keepDaily: -1, keepMonthly: -1 }, { timezone: "Europe/Vienna" });
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
});

test("AC-43 a time without an offset is refused: it would be another instant on every host", () => {
  expect(() => applyRetention(at("2026-07-01T21:00:00"), { keepLast: 1 })).toThrow(/is not an instant/);
});

test("AC-42 the repeated hour is two hours, and the day it is in is one", () => {
  const night = at("2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"); // 02:00 twice in Vienna
  const all = [...at("2026-10-23T12:00:00Z"), ...night];
  expect(
    applyRetention(all, { keepHourly: -1 }, { timezone: "Europe/Vienna" }).keep.map(({ reasons }) => reasons),
  ).toEqual([["hourly 2026-10-25 02:00+01:00"], ["hourly 2026-10-25 02:00+02:00"], ["hourly 2026-10-23 14:00+02:00"]]);
  expect(ids(applyRetention(all, { keepDaily: -1 }, { timezone: "Europe/Vienna" }).remove)).toEqual([
    "2026-10-25T00:00:00Z",
  ]);
});

test("AC-42 where clocks are set back over midnight, a day that comes twice is kept once", () => {
  // St John's, 29 October 2006: 00:01 became 23:01 of the 28th
  const all = at(
    "2006-10-27T12:00:00Z",
    "2006-10-29T02:15:00Z",
    "2006-10-29T02:30:30Z",
    "2006-10-29T03:15:00Z",
    "2006-10-29T03:45:00Z",
  );
  const { keep } = applyRetention(all, { keepDaily: -1 }, { timezone: "America/St_Johns" });
  expect(keep.map(({ reasons }) => reasons[0])).toEqual(["daily 2006-10-29", "daily 2006-10-28", "daily 2006-10-27"]);
});

test("AC-44 what is removed says what every rule had against it", () => {
  const all = at("2026-11-20T03:00:00Z", "2026-11-20T02:00:00Z", "2026-11-19T02:00:00Z", "2026-11-10T02:00:00Z");
  expect(applyRetention(all, { keepLast: 1, keepDaily: 2, keepWithin: "2h" }).remove).toEqual([
    {
      id: "2026-11-10T02:00:00Z",
      reason: "not kept: last 1 used up by newer ones; daily 2 used up by newer ones; older than within 2h",
    },
  ]);
  expect(applyRetention(all, { keepLast: 1, keepDaily: 2 }).remove[0]).toEqual({
    id: "2026-11-20T02:00:00Z",
    reason: "not kept: last 1 used up by newer ones; daily 2026-11-20 has a newer one",
  });
  expect(applyRetention(all, {}).remove[0]?.reason).toBe("the policy has no rule that keeps anything");
  expect(applyRetention(all, { keepTags: [["gold"]] }).remove[0]?.reason).toBe("not kept: none of the tags");
});

describe("AC-45 a span reaches back from", () => {
  const all = at("2026-11-20T00:00:00Z", "2026-11-15T00:00:00Z", "2026-11-10T00:00:00Z");
  const kept = (keepWithinFrom: string | undefined, now?: string) =>
    ids(applyRetention(all, { keepWithin: "7d", ...(keepWithinFrom && { keepWithinFrom }) }, now ? { now } : {}).keep)
      .length;

  test("the newest snapshot, if nothing else is said", () => expect(kept(undefined, "2027-01-01T00:00:00Z")).toBe(2));
  test("the newest snapshot that is not in the future", () => expect(kept("latest", "2026-11-16T00:00:00Z")).toBe(3));
  test("now", () => expect([kept("now", "2026-11-25T00:00:00Z"), kept("now", "2027-01-01T00:00:00Z")]).toEqual([1, 0]));
  test("a date", () => expect(kept("2026-11-16T12:00:00+02:00")).toBe(3));
  test("now, and is refused when nobody says when that is", () =>
    expect(() => kept("now")).toThrow(/needs to be told/));
});

test("AC-46 skipped runs do not shorten history by count; by age they do, as declared", () => {
  const early = at("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z");
  const now = "2026-12-01T00:00:00Z"; // nothing ran for four weeks
  expect(applyRetention(early, { keepDaily: 3 }, { now }).remove).toEqual([]);
  expect(applyRetention(early, { keepWithinDaily: "7d" }, { now }).remove).toEqual([]); // from the newest
  expect(applyRetention(early, { keepWithinDaily: "7d", keepWithinFrom: "now" }, { now }).keep).toEqual([]);
});

test("a span that ends in the hour that comes twice, or never, reaches back to the earlier instant", () => {
  const twice = at("2026-10-26T01:30:00Z", "2026-10-25T00:45:00Z", "2026-10-25T00:30:00Z"); // a day before 02:30 in Vienna
  expect(ids(applyRetention(twice, { keepWithin: "1d" }, { timezone: "Europe/Vienna" }).keep)).toHaveLength(2);
  const never = at("2026-03-30T00:30:00Z", "2026-03-29T00:45:00Z", "2026-03-29T00:30:00Z");
  expect(ids(applyRetention(never, { keepWithin: "1d" }, { timezone: "Europe/Vienna" }).keep)).toHaveLength(2);
});

test("29 February is the last day of its month, and a span of a year from it ends on 1 March", () => {
  const all = at(
    "2024-02-29T12:00:00Z",
    "2024-02-28T12:00:00Z",
    "2023-03-01T12:00:01Z",
    "2023-03-01T12:00:00Z",
    "2023-02-28T12:00:00Z",
  );
  expect(ids(applyRetention(all, { keepWithin: "1y" }).keep)).toHaveLength(3);
  expect(applyRetention(all, { keepMonthly: 2 }).keep.map(({ reasons }) => reasons[0])).toEqual([
    "monthly 2024-02",
    "monthly 2023-03",
  ]);
});

test("years of 53 weeks: the days around New Year are in one week", () => {
  const all = at(
    "2020-12-27T12:00:00Z",
    "2020-12-28T12:00:00Z",
    "2020-12-31T12:00:00Z",
    "2021-01-01T12:00:00Z",
    "2021-01-03T12:00:00Z",
    "2021-01-04T12:00:00Z",
  );
  expect(applyRetention(all, { keepWeekly: 3 }).keep.map(({ id, reasons }) => [id.slice(0, 10), reasons[0]])).toEqual([
    ["2021-01-04", "weekly 2021-W01"],
    ["2021-01-03", "weekly 2020-W53"],
    ["2020-12-27", "weekly 2020-W52"],
  ]);
});

test("in Apia, which had no 30 December 2011, neighbours are two days all the same", () => {
  const all = at("2011-12-30T09:30:00Z", "2011-12-30T10:30:00Z"); // 29 December 23:30 and 31 December 00:30
  const { keep } = applyRetention(all, { keepDaily: 2 }, { timezone: "Pacific/Apia" });
  expect(keep.map(({ reasons }) => reasons[0])).toEqual(["daily 2011-12-31", "daily 2011-12-29"]);
});

test.each([
  [{ keepDayly: 7 }, /unknown property "keepDayly"/],
  [{ keepDaily: 1.5 }, /retention.keepDaily/],
  [{ keepDaily: -2 }, /-1 for all/],
  [{ keepWithin: "7" }, /retention.keepWithin: "7" is not a span/],
  [{ keepWithin: "1d1d" }, /is not a span/],
  [{ keepWithinFrom: "yesterday" }, /"latest", "now" or an instant/],
  [{ keepTags: [[]] }, /at least one/],
])("%j is no policy", (policy, message) => {
  expect(() => applyRetention([], policy as object)).toThrow(message);
});

test("a zone that is none is refused with what may be meant", () => {
  expect(() => applyRetention([], { keepLast: 1 }, { timezone: "Vienna" })).toThrow('did you mean "Europe/Vienna"?');
  expect(() => applyRetention([], { keepLast: 1 }, { timezone: "+02:00" })).toThrow(/IANA/);
});

test("one id for two snapshots is refused where it would be both kept and removed", () => {
  const twins = at("2026-11-20T03:00:00Z", "2026-11-20T02:00:00Z").map((snapshot) => ({ ...snapshot, id: "twin" }));
  expect(() => applyRetention(twins, { keepLast: 1 })).toThrow(/two snapshots have the id twin/);
});

import { applyRetention, type RetentionPolicy } from "../../../provider/retention";
import { dayMs } from "./support";

// One input on which restic, borg and Proxmox Backup Server keep different snapshots. Ours are restic's.
const days = [
  "2018-11-15",
  "2019-11-15",
  "2019-11-21",
  "2019-11-22",
  "2019-11-29",
  "2019-12-01",
  "2019-12-02",
  "2019-12-03",
  "2019-12-04",
];
const snapshots = days.map((day) => ({ id: day, time: `${day}T11:59:15Z` }));

test.each<[string, RetentionPolicy, string[]]>([
  ["daily 1, weekly 1 (borg and PBS also keep 12-01)", { keepDaily: 1, keepWeekly: 1 }, ["2019-12-04"]],
  [
    "daily 1, weekly 1, monthly 1 (borg: 11-29, PBS: 11-22)",
    { keepDaily: 1, keepWeekly: 1, keepMonthly: 1 },
    ["2019-12-04"],
  ],
  ["monthly 1, yearly 1 (borg and PBS also keep 2018-11-15)", { keepMonthly: 1, keepYearly: 1 }, ["2019-12-04"]],
  ["last 1, daily 1 (borg and PBS also keep 12-03)", { keepLast: 1, keepDaily: 1 }, ["2019-12-04"]],
])("%s", (_name, policy, kept) => {
  expect(applyRetention(snapshots, policy).keep.map(({ id }) => id)).toEqual(kept);
});

test("a year of dailies, one missing: daily 14, monthly 6, yearly 1 keeps 19 (borg 21, PBS 20)", () => {
  const year = Array.from({ length: 365 }, (_, n) => new Date(Date.UTC(2015, 0, 1, 11, 59, 15) + n * dayMs))
    .filter((time) => !time.toISOString().startsWith("2015-12-19"))
    .map((time) => ({ id: time.toISOString(), time }));
  const { keep } = applyRetention(year, { keepDaily: 14, keepMonthly: 6, keepYearly: 1 });
  expect(keep).toHaveLength(19);
  expect(keep.map(({ id }) => id.slice(0, 10))).not.toContain("2015-01-01");
});

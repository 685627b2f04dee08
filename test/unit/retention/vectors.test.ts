import { readFileSync } from "node:fs";
import { join } from "node:path";
import { applyRetention, type RetentionPolicy } from "../../../provider/retention";

interface Vectors {
  zone: string;
  snapshots: { time: string; tags: string[] }[];
  cases: { n: number; policy: RetentionPolicy; keep: string[] }[];
}

// Jest runs what was compiled into dist; the data lies beside the source.
const file = join(__dirname, "../../../../test/unit/retention/vectors.json");
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;
const snapshots = vectors.snapshots.map((snapshot, n) => ({ id: `${n} ${snapshot.time}`, ...snapshot }));
const timeOf = ({ id }: { id: string }) => id.split(" ")[1];

test("all 40 of restic's published cases are here", () => {
  expect([vectors.cases.length, vectors.snapshots.length]).toEqual([40, 103]);
});

test.each(vectors.cases.map(({ n, policy, keep }) => [n, JSON.stringify(policy), keep] as const))(
  "case %d: %s",
  (_n, policy, keep) => {
    const { keep: kept, remove } = applyRetention(snapshots, JSON.parse(policy) as RetentionPolicy, {
      timezone: vectors.zone,
    });
    expect(kept.map(timeOf)).toEqual(keep);
    expect(kept.length + remove.length).toBe(snapshots.length);
  },
);

test("AC-44 case 17 says of each why it is kept, and that the last is the oldest", () => {
  const policy = { keepDaily: 7, keepWeekly: 2, keepMonthly: 3, keepYearly: 10 };
  const { keep } = applyRetention(snapshots, policy);
  expect(keep.map((kept) => [timeOf(kept)?.slice(0, 10), ...kept.reasons])).toEqual([
    ["2016-01-18", "daily 2016-01-18", "weekly 2016-W03", "monthly 2016-01", "yearly 2016"],
    ["2016-01-12", "daily 2016-01-12", "weekly 2016-W02"],
    ["2016-01-09", "daily 2016-01-09"],
    ["2016-01-08", "daily 2016-01-08"],
    ["2016-01-07", "daily 2016-01-07"],
    ["2016-01-06", "daily 2016-01-06"],
    ["2016-01-05", "daily 2016-01-05"],
    ["2015-11-22", "monthly 2015-11", "yearly 2015"],
    ["2015-10-22", "monthly 2015-10"],
    ["2014-11-22", "yearly 2014"],
    ["2014-08-08", "oldest yearly 2014-08-08"],
  ]);
});

test("AC-44 tags and spans are reasons too", () => {
  const one = [{ id: "one", time: "2016-01-18T12:02:03Z", tags: ["foo", "bar"] }];
  const policy = { keepLast: 2, keepTags: [["foo"], ["bar", "foo"]], keepWithin: "7d", keepWithinDaily: "1m" };
  expect(applyRetention(one, policy).keep).toEqual([
    { id: "one", reasons: ["tags foo", "tags bar, foo", "last 1 of 2", "within 7d", "daily 2016-01-18 within 1m"] },
  ]);
});

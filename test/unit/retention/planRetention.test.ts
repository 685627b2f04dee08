import { KrStorageError, type PlannedSnapshot, planRetention, type RetentionPolicy } from "../../../provider/retention";
import { dayMs, ids, snapshotsInNoOrder } from "./support";

const owner = "0123456789abcdef0123456789abcdef";
const newestMs = Date.UTC(2026, 10, 20, 2);

/** Daily snapshots of the policy, `d0` the newest. */
function dailies(count: number, change: (n: number) => Partial<PlannedSnapshot> = () => ({})): PlannedSnapshot[] {
  return Array.from({ length: count }, (_, n) => ({ id: `d${n}`, time: newestMs - n * dayMs, owner, ...change(n) }));
}
const plan = (snapshots: PlannedSnapshot[], policy: RetentionPolicy, options: object = {}) =>
  planRetention(snapshots, policy, { owner, maxDeletes: 1000, ...options });
const reasonsOf = (result: ReturnType<typeof plan>, id: string) => result.keep.find((kept) => kept.id === id)?.reasons;

test.each([{}, { keepLast: 0 }, { keepWithin: "0d" }, { keepTags: [] }, { keepWithinFrom: "now" as const }])(
  "an empty policy is refused: %j",
  (policy) => {
    expect(() => plan(dailies(5), policy)).toThrow(/keeps nothing/);
  },
);

test("AC-37 lowering the retention prunes at the next run, by as many as were approved", () => {
  const all = dailies(30);
  const lowered = planRetention(all, { keepDaily: 7 }, { owner, approvedDeletes: 23 });
  expect([lowered.remove.length, lowered.keep.length]).toEqual([23, 7]);
  const notApproved = planRetention(all, { keepDaily: 7 }, { owner });
  expect([notApproved.remove, notApproved.tripped?.limit, notApproved.tripped?.wanted.length]).toEqual([[], 3, 23]);
});

test("AC-40 keepLast 20 never leaves 1, nor anything less than 20", () => {
  for (let count = 1; count <= 25; count++) {
    expect(plan(dailies(count), { keepLast: 20 }).keep).toHaveLength(Math.min(count, 20));
  }
});

test("AC-40 keepAtLeast good snapshots are left, whatever the policy says", () => {
  const result = plan(dailies(10), { keepLast: 1 }, { keepAtLeast: 4 });
  expect(ids(result.keep)).toEqual(["d0", "d1", "d2", "d3"]);
  expect(reasonsOf(result, "d3")).toEqual(["at least 4 are kept"]);
  expect(ids(plan(dailies(10), { keepLast: 1 }).keep)).toEqual(["d0", "d1", "d2"]); // the default is 3
  expect(ids(plan(dailies(2), { keepLast: 1 }).keep)).toEqual(["d0", "d1"]);
});

test("AC-46 an age policy that ran out keeps the newest good one and keepAtLeast", () => {
  const late = newestMs + 400 * dayMs;
  const result = plan(dailies(10), { keepWithin: "7d", keepWithinFrom: "now" }, { now: late, keepAtLeast: 1 });
  expect(result.keep).toEqual([{ id: "d0", reasons: ["the newest good snapshot"] }]);
});

test("AC-49 only its own are counted and removed: not other policies', not those made by hand", () => {
  const others: PlannedSnapshot[] = [
    { id: "hand", time: newestMs + 1 },
    { id: "other", time: newestMs + 2, owner: "ffffffffffffffffffffffffffffffff" },
  ];
  const result = plan([...others, ...dailies(6)], { keepLast: 4 });
  expect(ids(result.remove)).toEqual(["d4", "d5"]);
  expect([reasonsOf(result, "hand"), reasonsOf(result, "other")]).toEqual([
    ["not by a policy"],
    ["by another policy, ffffffffffffffffffffffffffffffff"],
  ]);
});

test("protected, held and cloned ones stay, each for its reason, and shift nothing", () => {
  const spared = (n: number) => ({
    ...(n === 5 && { protected: true }),
    ...(n === 6 && { holds: ["backup"] }),
    ...(n === 7 && { clones: ["main/ssd/test"] }),
  });
  const result = plan(dailies(10, spared), { keepLast: 4 }, { protected: ["d8"] });
  expect(ids(result.remove)).toEqual(["d4", "d9"]);
  expect(["d5", "d6", "d7", "d8"].map((id) => reasonsOf(result, id))).toEqual([
    ["protected"],
    ["held by backup"],
    ["cloned to main/ssd/test"],
    ["protected"],
  ]);
});

describe("one that is not good", () => {
  test("never takes the place of a good one", () => {
    const result = plan(
      dailies(8, (n) => ({ good: n >= 3 })),
      { keepLast: 4 },
    );
    expect(ids(result.remove)).toEqual(["d7"]); // of good ones the newest four are d3 to d6
  });

  test("is kept as if it were good, so that a week of failing hooks is not a week without snapshots", () => {
    const result = plan(
      dailies(8, (n) => ({ good: n < 2 || n > 5 })),
      { keepLast: 4 },
    );
    expect(ids(result.keep)).toEqual(["d0", "d1", "d2", "d3", "d6", "d7"]);
    expect(result.remove[0]?.reason).toMatch(/and it is not good$/);
  });

  test("is not the newest good one, and does not make up keepAtLeast", () => {
    const result = plan(
      dailies(8, (n) => ({ good: n === 6 })),
      { keepWithin: "1h" },
    );
    expect(reasonsOf(result, "d6")).toEqual(["within 1h"]);
    expect(reasonsOf(result, "d0")).toEqual(["within 1h"]);
  });

  test("is all there is: nothing is removed", () => {
    const result = plan(
      dailies(8, () => ({ good: false })),
      { keepLast: 1 },
    );
    expect(result.remove).toEqual([]);
    expect(reasonsOf(result, "d7")).toEqual(["there is no good snapshot yet"]);
  });
});

test("what is dated in the future is neither counted nor removed", () => {
  const result = plan(dailies(8), { keepLast: 3 }, { now: newestMs - 2 * dayMs });
  expect(ids(result.remove)).toEqual(["d5", "d6", "d7"]);
  expect(reasonsOf(result, "d1")).toEqual(["dated in the future"]);
});

describe("the fuse", () => {
  test("removes nothing when more than maxDeletes would go, and says how many", () => {
    const result = plan(dailies(10), { keepLast: 4 }, { maxDeletes: 5 });
    expect([result.remove, result.keep.length]).toEqual([[], 10]);
    expect(result.tripped).toMatchObject({
      limit: 5,
      message: expect.stringContaining("6 snapshots would be removed and one run may remove 5"),
    });
    expect(reasonsOf(result, "d9")).toEqual(["the fuse: 6 would be removed, 5 may be"]);
  });

  test("lets exactly maxDeletes through", () => {
    const result = plan(dailies(9), { keepLast: 4 }, { maxDeletes: 5 });
    expect([result.remove.length, result.tripped]).toEqual([5, undefined]);
  });

  test("is 3 if nothing is said, and twice what a run usually removes if the schedule is given", () => {
    expect(planRetention(dailies(7), { keepLast: 4 }, { owner }).remove).toHaveLength(3);
    expect(planRetention(dailies(8), { keepLast: 4 }, { owner }).tripped?.limit).toBe(3);
    expect(planRetention(dailies(8), { keepLast: 4 }, { owner, schedule: "@daily" }).tripped?.limit).toBe(3);
    // At the end of February a month's window moves on by days at once, and every hour of them goes.
    const spans = planRetention(dailies(400), { keepWithin: "1m" }, { owner, schedule: "@hourly" });
    expect(spans.tripped?.limit).toBeGreaterThanOrEqual(2 * 3 * 24);
  });
});

test("AC-44 every snapshot is decided once, with a reason", () => {
  const all = snapshotsInNoOrder(5000).map((snapshot) => ({ ...snapshot, owner }));
  const { keep, remove } = plan(all, { keepDaily: 7, keepMonthly: 3 }, { maxDeletes: 5000 });
  expect(new Set([...ids(keep), ...ids(remove)]).size).toBe(5000);
  expect(keep.every(({ reasons }) => reasons.length > 0 && reasons.every((reason) => reason !== ""))).toBe(true);
  expect(remove.every(({ reason }) => reason !== "")).toBe(true);
});

test.each([
  [{ keepAtLeast: 0 }, "keepAtLeast"],
  [{ maxDeletes: 0 }, "maxDeletes"],
  [{ maxDeletes: Number.NaN }, "maxDeletes"],
  [{ approvedDeletes: -1 }, "approvedDeletes"],
  [{ owner: "" }, "owner"],
])("%j is refused", (options, name) => {
  const refused = () => plan(dailies(1), { keepLast: 1 }, options);
  expect(refused).toThrow(name);
  expect(refused).toThrow(KrStorageError);
});

import fc from "fast-check";
import { applyRetention, planRetention, type RetentionPolicy } from "../../../provider/retention";
import { anyPolicy, anySnapshots, anyZone, ids, wallOf } from "./support";

const owner = "0123456789abcdef0123456789abcdef";
const counts = ["keepLast", "keepHourly", "keepDaily", "keepWeekly", "keepMonthly", "keepYearly"] as const;
const more = (count: number | undefined, by: number) => (count === -1 ? -1 : (count ?? 0) + by);
const anyExtra = fc.tuple(fc.constantFrom(...counts), fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(-1)));

test("a more generous policy keeps all that the other keeps", () => {
  fc.assert(
    fc.property(anySnapshots, anyPolicy, anyZone, anyExtra, (snapshots, policy, timezone, [key, by]) => {
      const generous: RetentionPolicy = { ...policy, [key]: by === -1 ? -1 : more(policy[key], by) };
      const kept = new Set(ids(applyRetention(snapshots, generous, { timezone }).keep));
      expect(ids(applyRetention(snapshots, policy, { timezone }).keep).filter((id) => !kept.has(id))).toEqual([]);
    }),
  );
});

test("a longer span keeps all that the shorter keeps", () => {
  const spans = ["0d", "1h", "2d", "27d", "1m1d", "1y", "2y", "5000y", "9999y"];
  const keys = [
    "keepWithin",
    "keepWithinHourly",
    "keepWithinDaily",
    "keepWithinWeekly",
    "keepWithinMonthly",
    "keepWithinYearly",
  ] as const;
  const pair = fc.subarray(spans, { minLength: 2, maxLength: 2 });
  fc.assert(
    fc.property(
      anySnapshots,
      anyPolicy,
      anyZone,
      fc.constantFrom(...keys),
      pair,
      (snapshots, policy, timezone, key, [short, long]) => {
        const kept = new Set(ids(applyRetention(snapshots, { ...policy, [key]: long }, { timezone }).keep));
        expect(
          ids(applyRetention(snapshots, { ...policy, [key]: short }, { timezone }).keep).filter((id) => !kept.has(id)),
        ).toEqual([]);
      },
    ),
  );
});

test("applying a policy to what it kept removes nothing, as long as the newest is among it", () => {
  fc.assert(
    fc.property(anySnapshots, anyPolicy, anyZone, (snapshots, policy, timezone) => {
      const withNewest = { ...policy, keepLast: more(policy.keepLast, 1) };
      const kept = new Set(ids(applyRetention(snapshots, withNewest, { timezone }).keep));
      const left = snapshots.filter(({ id }) => kept.has(id));
      expect(applyRetention(left, withNewest, { timezone }).remove).toEqual([]);
    }),
  );
});

const anyFlags = fc.array(
  fc.record({ mine: fc.boolean(), good: fc.boolean(), protected: fc.boolean(), holds: fc.subarray(["backup"]) }),
  { minLength: 60, maxLength: 60 },
);
const planned = fc.tuple(anySnapshots, anyFlags).map(([snapshots, flags]) =>
  snapshots.map((snapshot, n) => {
    const { mine, ...rest } = flags[n] as { mine: boolean; good: boolean; protected: boolean; holds: string[] };
    return { ...snapshot, ...rest, ...(mine && { owner }) };
  }),
);
const acting = anyPolicy.map((policy) => ({ ...policy, keepLast: more(policy.keepLast, 1) }));

test("planning twice removes nothing new, and the guards hold", () => {
  fc.assert(
    fc.property(
      planned,
      acting,
      anyZone,
      fc.integer({ min: 1, max: 6 }),
      (snapshots, policy, timezone, keepAtLeast) => {
        const options = { owner, timezone, keepAtLeast, maxDeletes: 1000 };
        const first = planRetention(snapshots, policy, options);
        const removed = new Set(ids(first.remove));
        const left = snapshots.filter(({ id }) => !removed.has(id));
        expect(planRetention(left, policy, options).remove).toEqual([]);

        const gone = snapshots.filter(({ id }) => removed.has(id));
        expect(
          gone.filter((snapshot) => snapshot.owner !== owner || snapshot.protected || snapshot.holds.length > 0),
        ).toEqual([]);
        const good = (all: typeof snapshots) => all.filter((snapshot) => snapshot.owner === owner && snapshot.good);
        expect(good(left).length).toBeGreaterThanOrEqual(Math.min(keepAtLeast, good(snapshots).length));
        expect(Math.max(0, ...good(left).map(({ time }) => time))).toBe(
          Math.max(0, ...good(snapshots).map(({ time }) => time)),
        );
        expect(first.keep.length + first.remove.length).toBe(snapshots.length);
      },
    ),
  );
});

test("the fuse lets no more through than it may", () => {
  fc.assert(
    fc.property(planned, acting, fc.integer({ min: 1, max: 10 }), (snapshots, policy, maxDeletes) => {
      const { keep, remove, tripped } = planRetention(snapshots, policy, { owner, maxDeletes });
      expect(remove.length).toBeLessThanOrEqual(maxDeletes);
      expect(keep.length + remove.length).toBe(snapshots.length);
      if (tripped) expect(tripped.wanted.length).toBeGreaterThan(maxDeletes);
    }),
  );
});

test("the order in which snapshots are given is irrelevant", () => {
  fc.assert(
    fc.property(
      planned.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      acting,
      anyZone,
      ([snapshots, shuffled], policy, timezone) => {
        const options = { owner, timezone, maxDeletes: 1000 };
        expect(planRetention(shuffled, policy, options)).toEqual(planRetention(snapshots, policy, options));
      },
    ),
  );
});

test("in any zone and year, days, months and years are those of the clock on the wall", () => {
  fc.assert(
    fc.property(anySnapshots, anyZone, fc.integer({ min: 1, max: 9 }), (snapshots, timezone, count) => {
      for (const [key, length] of [
        ["keepDaily", 10],
        ["keepMonthly", 7],
        ["keepYearly", 4],
      ] as const) {
        const { keep } = applyRetention(snapshots, { [key]: count }, { timezone });
        const periods = [...new Set(snapshots.map(({ time }) => wallOf(time, timezone).slice(0, length)))]
          .sort()
          .reverse();
        const kept = keep
          .filter(({ reasons }) => !reasons[0]?.startsWith("oldest"))
          .map(({ reasons }) => reasons[0]?.split(" ")[1]);
        expect(kept).toEqual(periods.slice(0, count));
      }
    }),
  );
});

import { placeOf } from "../../../provider/drivers/ceph/place";
import { countPlaces } from "../../../provider/drivers/ceph/poolLayout";
import { releaseOf } from "../../../provider/drivers/ceph/release";
import { cephPool, madeOtherwise } from "../../../provider/model/cephPool";

test("what tells two pools apart is everything but the quota, and not how it is spelled", () => {
  expect(madeOtherwise({ replicas: 2, quota: true }, { replicas: 2 })).toEqual([]);
  expect(madeOtherwise({ existing: false }, {})).toEqual([]);
  expect(madeOtherwise(undefined, { replicas: 2 })).toEqual(["replicas"]);
  expect(
    madeOtherwise(
      { erasureCode: { dataChunks: 4, codingChunks: 2 } },
      { erasureCode: { codingChunks: 2, dataChunks: 4 }, deviceClass: "ssd" },
    ),
  ).toEqual(["deviceClass"]);
  expect(madeOtherwise({ existing: true }, {})).toEqual(["existing"]);
});

test("a pool that exists is taken as it is", () => {
  expect(cephPool.safeParse({ existing: true }).success).toBe(true);
  expect(cephPool.safeParse({ existing: true, replicas: 2 }).success).toBe(false);
});

test.each([
  ["ceph version 16.2.15 (618f440) pacific (stable)", 16],
  ["ceph version 9.2.1 (752b6a3) infernalis (stable)", 9],
  ["something else", undefined],
])("%s is of release %s", (version, release) => {
  expect(releaseOf(version)).toBe(release);
});

test("a place that cannot be read is one that is never removed", () => {
  const record = { place: { existing: "perhaps" } } as unknown as Parameters<typeof placeOf>[0];
  expect(placeOf(record)).toEqual({ existing: true });
});

test("places are buckets with OSDs of the class in them", () => {
  const node = (id: number, type: string, more = {}) => ({
    id,
    name: `${type}${id}`,
    type,
    children: [] as number[],
    ...more,
  });
  const nodes = [
    node(-1, "root", { children: [-2, -3, -4] }),
    node(-2, "host", { children: [0, 1] }),
    node(-3, "host", { children: [2] }),
    node(-4, "host"),
    node(0, "osd", { device_class: "ssd" }),
    node(1, "osd", { device_class: "hdd" }),
    node(2, "osd", { device_class: "hdd" }),
  ];
  expect(countPlaces({ nodes }, "osd", undefined)).toBe(3);
  expect(countPlaces({ nodes }, "osd", "ssd")).toBe(1);
  expect(countPlaces({ nodes }, "host", undefined)).toBe(2);
  expect(countPlaces({ nodes }, "host", "ssd")).toBe(1);
  expect(countPlaces({ nodes }, "rack", undefined)).toBe(0);
});

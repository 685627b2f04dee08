import type { ClusterPool, Usage } from "../../../provider/drivers/ceph/cluster";
import { roomIn } from "../../../provider/drivers/ceph/poolRoom";

const gib = 2 ** 30;
const usage: Usage = {
  stats: { total_bytes: 600 * gib, total_avail_bytes: 480 * gib },
  stats_by_class: { fast: { total_bytes: 120 * gib, total_avail_bytes: 60 * gib } },
  pools: [
    { id: 1, stats: { stored: 10 * gib, max_avail: 150 * gib } },
    { id: 2, stats: { stored: 20 * gib, max_avail: 300 * gib } },
  ],
};
const pool = (fields: Partial<ClusterPool> = {}): ClusterPool => ({
  pool_id: 1,
  pool_name: "ssd",
  size: 3,
  quota_max_bytes: 0,
  type: 1,
  flags_names: "hashpspool,selfmanaged_snaps",
  pool_snaps: [],
  application_metadata: {},
  ...fields,
});
const inGib = ({ totalBytes, freeBytes, allocatedBytes }: ReturnType<typeof roomIn>) =>
  [totalBytes, freeBytes, allocatedBytes].map((bytes) => bytes / gib);
const room = (fields: Partial<ClusterPool>, place = {}, own = {}) =>
  inGib(roomIn({ usage, pools: [pool(fields)] }, 1, place, { copies: 3, ...own }));

test("room is what is left for each copy, as far as the pool's rule has it", () => {
  expect(room({})).toEqual([200, 150, 10]);
  expect(room({ size: 6 })).toEqual([100, 80, 10]);
});

test("of a device class only its own disks count", () => {
  expect(room({}, { deviceClass: "fast" })).toEqual([40, 20, 10]);
});

test("of parts only those that are not data are lost, and the data pool is what is asked", () => {
  const place = { dataPool: { id: 2, dataChunks: 4, codingChunks: 2 } };
  const pools = [pool(), pool({ pool_id: 2, type: 3, size: 6 })];
  expect(inGib(roomIn({ usage, pools }, 1, place, { copies: 3 }))).toEqual([400, 300, 20]);
});

test("a quota of the operator's is the size of the pool; one that stands for the capacity counts only when it is reached", () => {
  expect(room({ quota_max_bytes: 40 * gib })).toEqual([40, 30, 10]);
  expect(room({ quota_max_bytes: 40 * gib }, {}, { ownQuotaBytes: 40 * gib })).toEqual([200, 150, 10]);
  expect(room({ quota_max_bytes: 10 * gib }, {}, { ownQuotaBytes: 10 * gib })).toEqual([200, 0, 10]);
});

test.each(["full", "hashpspool,full_quota", "full,full_quota"])(
  "nothing is free in a pool that is flagged %s",
  (flags) => {
    expect(room({ flags_names: flags })).toEqual([200, 0, 10]);
  },
);
test("nearly full is not full", () => {
  expect(room({ flags_names: "hashpspool,nearfull,backfillfull" })).toEqual([200, 150, 10]);
});
test("nothing is free while the pool that holds the data is full", () => {
  const place = { dataPool: { id: 2, dataChunks: 4, codingChunks: 2 } };
  const pools = [pool(), pool({ pool_id: 2, type: 3, size: 6, flags_names: "full" })];
  expect(inGib(roomIn({ usage, pools }, 1, place, { copies: 3 }))[1]).toBe(0);
});

test("in a pool of others nothing counts as ours", () => {
  expect(room({}, { existing: true })).toEqual([200, 150, 0]);
});

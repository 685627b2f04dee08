import { unmetWishes } from "../../../provider/lifecycle/capable";

/** A pool as Ceph's are: shares bear fewer snapshots than volumes. */
const abilities = {
  poolId: "main/ssd",
  can: { shareProtocols: ["cephfs"], maxSnapshots: 500, maxShareSnapshots: 99 },
  medium: undefined,
  elsewhere: {},
};
const ofClass = (keepLast: number) => ({
  size: "1GiB",
  volumeClass: { name: "gold", schedule: "@hourly", retention: { keepLast } },
});

describe("how many snapshots an object bears where shares bear fewer", () => {
  it("a share is held to its own number, a volume to that of the pool", () => {
    const inputs = ofClass(200);
    expect(unmetWishes("volume", inputs, abilities)).toEqual([]);
    expect(unmetWishes("share", inputs, abilities)).toEqual([
      { property: "volumeClass.retention", reason: expect.stringContaining("at most 99 of one object") },
    ]);
  });

  it("what fits is not refused, and without a number of their own shares have the pool's", () => {
    expect(unmetWishes("share", ofClass(50), abilities)).toEqual([]);
    const { maxShareSnapshots: _, ...can } = abilities.can;
    expect(unmetWishes("share", ofClass(200), { ...abilities, can })).toEqual([]);
    expect(unmetWishes("share", ofClass(600), { ...abilities, can })).toHaveLength(1);
  });
});

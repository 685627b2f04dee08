import type { BackendPort } from "../../../agent/run/backendPort";
import { snapshotLimit } from "../../../agent/run/prunePlan";
import { purgeExpired } from "../../../agent/run/purgeExpired";
import { newUid } from "../../../provider/drivers/record";
import type { SnapshotPolicyInputs } from "../../../provider/model/snapshotPolicy";
import { World } from "./support/world";

const id = "main/ssd/db";
const lastFive: SnapshotPolicyInputs = { schedule: "@hourly", retention: { keepLast: 5 }, targets: [id] };

/** A volume with a policy that has run since noon, until that time of 1 January 2031. */
async function ranUntil(time: string, inputs = lastFive): Promise<{ world: World; policy: string }> {
  const world = new World();
  await world.pool("main/ssd");
  await world.volume(id);
  const policy = await world.policy("nightly", inputs);
  await world.runUntil(`2031-01-01T${time}:00Z`);
  return { world, policy };
}

const hours = (slots: readonly string[]) => slots.map((slot) => Number(slot.slice(9, 11)));

describe("pruning", () => {
  it("AC-37: lowering the retention prunes at the next run; so many were approved by declaring it", async () => {
    const { world } = await ranUntil("23:30", { ...lastFive, retention: { keepLast: 20 } });
    expect(world.slots()).toHaveLength(11);
    await world.policy("nightly", { ...lastFive, retention: { keepLast: 4 } }, 7);
    await world.runWell();
    expect(hours(world.slots())).toEqual([20, 21, 22, 23]);
  });

  it("AC-37: without that approval the fuse stops it, removes nothing, and says how many wanted to go", async () => {
    const { world } = await ranUntil("23:30", { ...lastFive, retention: { keepLast: 20 } });
    await world.policy("nightly", { ...lastFive, retention: { keepLast: 4 } });
    const [report] = await world.runWell();
    expect(report?.prune).toMatchObject({ action: "tripped", removed: [] });
    expect(report?.prune?.reason).toContain("7 snapshots would be removed and one run may remove 3");
    expect(report?.prune?.remove).toHaveLength(7);
    expect(world.slots()).toHaveLength(11);
  });

  it("an approval is used up by the run that carries it out", async () => {
    const { world } = await ranUntil("23:30", { ...lastFive, retention: { keepLast: 20 } });
    await world.policy("nightly", { ...lastFive, retention: { keepLast: 4 } }, 7);
    await world.runWell();
    expect(world.state().pools.ssd?.policies[0]?.approvedDeletes).toBe(0);
  });

  it("AC-40: what is left is never fewer than keepAtLeast, whatever the rules say", async () => {
    const { world } = await ranUntil("23:30", { ...lastFive, retention: { keepLast: 1 }, keepAtLeast: 6 });
    expect(world.slots()).toHaveLength(6);
  });

  it("counts and removes only its own: what is made by hand, by another policy, or only looks like its own, stays", async () => {
    const { world, policy } = await ranUntil("13:30");
    await world.library.createSnapshot(id, "by-hand");
    await world.library.createSnapshot(id, `nightly-${policy.slice(0, 6)}-20310101t060000z`);
    const disguised = await world.library.createSnapshot(id, "disguised");
    world.edit(disguised.uid, { owner: `policy/${policy}`, taken: { policy, slot: "20310101t070000z" } });
    const adopted = world.snapshots().find(({ taken }) => taken?.slot === "20310101t130000z");
    world.edit(adopted?.uid ?? "", { owner: "stack/Snapshot/kept" });
    await world.policy("other", { ...lastFive, schedule: "0 */6 * * *" });
    await world.runUntil("2031-01-02T12:30:00Z");
    const names = world.library.list("main/ssd").then((all) => all.filter(({ phase }) => phase === "live"));
    const kept = (await names).map(({ id: name }) => name.split("@")[1]).filter((name) => name !== undefined);
    expect(kept).toEqual(expect.arrayContaining(["by-hand", "disguised"]));
    expect(kept).toContain(`nightly-${policy.slice(0, 6)}-20310101t060000z`);
    expect(kept).toContain(`nightly-${policy.slice(0, 6)}-20310101t130000z`);
    expect(kept.filter((name) => name?.startsWith("nightly-"))).toHaveLength(5 + 2);
    expect(kept.filter((name) => name?.startsWith("other-"))).toHaveLength(4);
  });

  it("leaves what is protected, held, used or cloned, with the reason, and removes it once it is free", async () => {
    const { world } = await ranUntil("16:30");
    const [first, second, third, fourth] = world.snapshots().map(({ uid }) => uid) as [string, string, string, string];
    world.edit(first, { protection: true });
    world.edit(second, { holds: [{ id: "backup-7", reason: "being copied", since: "2031-01-01T13:30:00Z" }] });
    world.edit(third, { consumers: [{ id: "vm-1", since: "2031-01-01T13:30:00Z" }] });
    const snapshot = world.snapshots().find(({ uid }) => uid === fourth);
    await world.library.createVolume("main/ssd/copy", { size: "16KiB", from: `main/ssd/${snapshot?.name}` });
    await world.runUntil("2031-01-02T03:30:00Z");
    expect(hours(world.slots())).toEqual([13, 14, 15, 16, 23, 0, 1, 2, 3]);
    const [report] = await world.runWell();
    const reasons = new Map(report?.prune?.keep.map((kept) => [kept.id, kept.reasons.join()]));
    expect([first, second, third, fourth].map((uid) => reasons.get(uid))).toEqual([
      "protected",
      "held by backup-7 (being copied)",
      "held by vm-1",
      "cloned to copy",
    ]);
    world.edit(second, { holds: [] });
    await world.runWell();
    expect(hours(world.slots())).toEqual([13, 15, 16, 23, 0, 1, 2, 3]);
  });

  it("a snapshot that is not good never takes the place of a good one", async () => {
    const { world } = await ranUntil("18:30");
    const newest = world.snapshots().at(-1)?.uid ?? "";
    world.health.set(newest, "damaged");
    await world.runUntil("2031-01-01T19:30:00Z");
    expect(hours(world.slots())).toEqual([14, 15, 16, 17, 18, 19]);
  });

  it("AC-47: what is removed ends on the backend too, once its time in the trash is over", async () => {
    const { world } = await ranUntil("20:30");
    const count = () => world.state().pools.ssd?.objects.length;
    expect(count()).toBe(1 + 8);
    await purgeExpired(world.ports()[0] as BackendPort, await world.look(), { clock: world.clock });
    expect(count()).toBe(1 + 8);
    world.clock.advance(25 * 3_600_000);
    await purgeExpired(world.ports()[0] as BackendPort, await world.look(), { clock: world.clock });
    expect(count()).toBe(1 + 5);
  });
});

describe("pruning is refused, and the snapshot is taken all the same", () => {
  it.each([
    [6 * 60_000, "behind this machine's"],
    [-6 * 60_000, "ahead of this machine's"],
  ])("when this machine's clock is %d ms off", async (offset, said) => {
    const { world } = await ranUntil("17:30");
    world.clock.advanceTo("2031-01-01T18:30:00Z");
    const [report] = await world.runWell({ clock: world.clock.skewed(offset) });
    expect(report?.take?.action).toBe("taken");
    expect(report?.prune).toMatchObject({ action: "refused", removed: [] });
    expect(report?.prune?.reason).toContain(said);
    expect(world.slots()).toHaveLength(6);
    const [later] = await world.runWell({ clock: world.clock.skewed(offset / 2) });
    expect(later?.prune?.action).toBe("pruned");
  });

  it("when the newest snapshot before this run is more than three intervals old; the next run goes on", async () => {
    const { world } = await ranUntil("17:30");
    world.clock.advanceTo("2031-01-01T21:30:00Z");
    const [report] = await world.runWell();
    expect(report?.take).toMatchObject({ action: "taken", reason: "stands for 3 missed slots as well" });
    expect(report?.prune).toMatchObject({ action: "refused" });
    expect(report?.prune?.reason).toContain("20310101t170000z, is more than 3 intervals older");
    await world.runUntil("2031-01-01T22:30:00Z");
    expect(hours(world.slots())).toEqual([15, 16, 17, 21, 22]);
  });

  it("not when it is three intervals old", async () => {
    const { world } = await ranUntil("17:30");
    world.clock.advanceTo("2031-01-01T20:30:00Z");
    expect((await world.runWell())[0]?.prune?.action).toBe("pruned");
  });

  it("while the target's snapshot fails", async () => {
    const { world } = await ranUntil("17:30");
    await world.policy("nightly", { ...lastFive, retention: { keepLast: 3 } }, 2);
    world.clock.advance(3_600_000);
    world.state().totalBytes = 1;
    for (const pool of Object.values(world.state().pools)) pool.record.settings.capacityBytes = 0;
    world.state().capabilities.copyOnWrite = false;
    const report = (await world.run())[0]?.targets[0];
    expect(report).toMatchObject({ status: "failed", take: { code: "QUOTA_EXCEEDED" }, prune: { action: "notRun" } });
    expect(world.slots()).toHaveLength(5);
  });
});

describe("AC-39: while pruning cannot run", () => {
  it("every run says so, and what is added has a limit", async () => {
    const { world } = await ranUntil("17:30");
    await world.policy("nightly", { ...lastFive, retention: { keepLast: 3 }, maxDeletes: 1 });
    for (const pool of Object.values(world.state().pools)) pool.record.capabilities.maxSnapshots = 12;
    for (let hour = 0; hour < 7; hour += 1) {
      world.clock.advance(3_600_000);
      const [report] = await world.runWell();
      expect(report?.take?.action).toBe("taken");
      expect(report?.prune?.action).toBe("tripped");
    }
    world.clock.advance(3_600_000);
    const report = (await world.run())[0]?.targets[0];
    expect(report).toMatchObject({ status: "failed", take: { action: "failed", code: "QUOTA_EXCEEDED" } });
    expect(report?.reason).toContain("it has 12 snapshots of this policy, and 12 are the most");
    expect(world.slots()).toHaveLength(12);
  });

  it("a policy of any schedule stops at 1,000 or twice its steady state", async () => {
    const policy = {
      uid: newUid(),
      name: "n",
      owner: "o",
      generation: 1,
      schedule: "@hourly",
      timezone: "UTC",
      retention: { keepHourly: 24 },
      keepAtLeast: 3,
      maxDeletes: undefined,
      consistency: "each" as const,
      hooks: [],
      enabled: true,
      from: "record" as const,
      sinceMs: 0,
    };
    expect(snapshotLimit(policy, 10, undefined)).toBe(1000);
    expect(snapshotLimit(policy, 1000, undefined)).toBe(1000);
    expect(snapshotLimit({ ...policy, retention: { keepHourly: 800 } }, 1000, undefined)).toBe(1602);
    expect(snapshotLimit(policy, 10, 100)).toBe(100);
  });
});

describe("deleting or changing a policy", () => {
  it("ends no snapshot", async () => {
    const { world } = await ranUntil("17:30");
    await world.endPolicy("nightly");
    await world.runUntil("2031-01-03T12:30:00Z");
    expect(hours(world.slots())).toEqual([13, 14, 15, 16, 17]);
  });
});

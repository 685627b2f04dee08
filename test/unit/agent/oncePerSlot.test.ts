import { dying } from "./support/dying";
import { World } from "./support/world";

const id = "main/ssd/db";
const hourly = { schedule: "@hourly", retention: { keepLast: 48 }, targets: [id] };
const hours = (slots: readonly string[]) => slots.map((slot) => Number(slot.slice(9, 11)));

async function hourlyWorld(targets: readonly string[] = [id]): Promise<{ world: World; policy: string }> {
  const world = new World();
  await world.pool("main/ssd");
  for (const target of targets) await world.volume(target);
  return { world, policy: await world.policy("nightly", { ...hourly, targets: [...targets] }) };
}

describe("exactly one snapshot a slot", () => {
  it("AC-41: two agents at once make one of each; neither fails", async () => {
    const targets = Array.from({ length: 20 }, (_, n) => `main/ssd/v${n}`);
    const { world } = await hourlyWorld(targets);
    const other = world.openStorage();
    for (let hour = 0; hour < 5; hour += 1) {
      world.clock.advance(3_600_000);
      const reports = (await Promise.all([world.run(), world.run({}, other), world.run()])).flat();
      const actions = reports.flatMap((report) => report.targets.map(({ take }) => take?.action));
      expect(actions.filter((action) => action === "taken")).toHaveLength(20);
      expect(actions.filter((action) => action === "present")).toHaveLength(40);
    }
    expect(world.snapshots()).toHaveLength(100);
    expect(new Set(world.snapshots().map(({ name }) => name)).size).toBe(100);
  });

  it("AC-41: two agents at once of which one has not yet seen that the policy was renamed", async () => {
    const { world, policy } = await hourlyWorld();
    world.clock.advance(3_600_000);
    const stale = await world.look();
    await world.policy("nightly", { ...hourly, name: "renamed" });
    await world.runWell();
    const [report] = await world.runFrom(stale);
    expect(report?.take).toMatchObject({ action: "present" });
    expect(world.snapshots().map(({ name }) => name)).toEqual([`db@renamed-${policy.slice(0, 6)}-20310101t130000z`]);
  });

  it("AC-38: a renamed policy keeps the snapshots that it took under its old name, counts and prunes them", async () => {
    const { world, policy } = await hourlyWorld();
    await world.runUntil("2031-01-01T16:30:00Z");
    await world.policy("nightly", { ...hourly, name: "renamed" });
    expect((await world.runWell())[0]?.take?.action).toBe("present");
    await world.policy("nightly", { ...hourly, name: "renamed", retention: { keepLast: 4 } });
    await world.runUntil("2031-01-01T18:30:00Z");
    const digits = policy.slice(0, 6);
    expect(world.snapshots().map(({ name }) => name)).toEqual([
      `db@nightly-${digits}-20310101t150000z`,
      `db@nightly-${digits}-20310101t160000z`,
      `db@renamed-${digits}-20310101t170000z`,
      `db@renamed-${digits}-20310101t180000z`,
    ]);
  });

  it("two stacks with a policy of one name each take theirs, and leave the other's", async () => {
    const { world, policy } = await hourlyWorld();
    const other = await world.policy("elsewhere/nightly", { ...hourly, retention: { keepLast: 3 } });
    await world.runUntil("2031-01-01T17:30:00Z");
    const of = (uid: string) => world.snapshots().filter(({ taken }) => taken?.policy === uid);
    expect(hours(of(policy).map(({ taken }) => taken?.slot ?? ""))).toEqual([13, 14, 15, 16, 17]);
    expect(hours(of(other).map(({ taken }) => taken?.slot ?? ""))).toEqual([15, 16, 17]);
  });

  it("a foreign object under the name of a slot is a failure that says so, and is left alone", async () => {
    const { world, policy } = await hourlyWorld();
    await world.library.createSnapshot(id, `nightly-${policy.slice(0, 6)}-20310101t130000z`);
    world.clock.advance(3_600_000);
    const report = (await world.run())[0]?.targets[0];
    expect(report).toMatchObject({ status: "failed", take: { code: "ALREADY_EXISTS" }, prune: { action: "notRun" } });
    expect(world.slots()).toEqual([]);
  });
});

describe("slots that went by", () => {
  it("after three days of downtime there is one snapshot, not seventy-two, and it says for how many it stands", async () => {
    const { world } = await hourlyWorld();
    await world.runUntil("2031-01-01T15:30:00Z");
    world.clock.advanceTo("2031-01-04T15:30:00Z");
    const [report] = await world.runWell();
    expect(report?.take).toMatchObject({ action: "taken", reason: "stands for 71 missed slots as well" });
    expect(world.slots()).toEqual(["20310101t130000z", "20310101t140000z", "20310101t150000z", "20310104t150000z"]);
  });

  it("are not caught up where that is configured, unless the slot has just begun", async () => {
    const { world } = await hourlyWorld();
    world.clock.advanceTo("2031-01-04T15:30:00Z");
    expect((await world.runWell({ catchUp: "none" }))[0]?.take).toMatchObject({ action: "missed" });
    world.clock.advanceTo("2031-01-04T16:14:00Z");
    await world.runWell({ catchUp: "none" });
    expect(world.slots()).toEqual(["20310104t160000z"]);
  });

  it("a snapshot from when the clock was ahead does not stand for the slots before it", async () => {
    const { world, policy } = await hourlyWorld();
    await world.runUntil("2031-01-01T14:30:00Z");
    const ahead = world.snapshots()[1];
    world.edit(ahead?.uid ?? "", {
      name: `db@nightly-${policy.slice(0, 6)}-20310105t000000z`,
      taken: { policy, slot: "20310105t000000z" },
    });
    await world.runUntil("2031-01-01T16:30:00Z");
    expect(world.slots()).toEqual(["20310101t130000z", "20310101t150000z", "20310101t160000z", "20310105t000000z"]);
  });
});

describe("an agent that is killed at any of its calls", () => {
  const targets = ["main/ssd/a", "main/ssd/b", "main/ssd/c"];
  const retention = { keepLast: 4 };
  const slots = ["15", "16", "17", "18"];
  // A run makes listPools, list, three creates and three removals
  const deaths = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((call) => [
    { call, when: "before" as const },
    { call, when: "after" as const },
  ]);

  test.each(deaths)("$when call $call leaves nothing that the next run does not put right", async (death) => {
    const { world } = await hourlyWorld(targets);
    await world.policy("nightly", { ...hourly, retention, targets });
    await world.runUntil("2031-01-01T17:30:00Z");
    world.clock.advance(3_600_000);
    const { wrap, died } = dying(death);
    const ended = await Promise.race([world.run({}, world.openStorage(wrap)), died]);
    expect(ended).toBe("died");
    await world.runWell();
    const expected = targets.flatMap(() => slots).sort();
    expect(world.slots().map((slot) => slot.slice(9, 11))).toEqual(expected);
  });
});

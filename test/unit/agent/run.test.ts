import { recording } from "./support/recording";
import { World } from "./support/world";

const id = "main/ssd/db";
const hourly = { schedule: "@hourly", retention: { keepHourly: 3, keepDaily: 2 }, targets: [id] };

async function worldWithPolicy(inputs = hourly): Promise<{ world: World; uid: string }> {
  const world = new World();
  await world.pool("main/ssd");
  await world.volume(id);
  return { world, uid: await world.policy("nightly", inputs) };
}

describe("running a policy", () => {
  it("takes nothing for slots that began before the policy and its target were made", async () => {
    const { world } = await worldWithPolicy();
    world.clock.advance(60_000);
    expect((await world.runWell())[0]).toMatchObject({ status: "ok", take: { action: "notDue" } });
    expect(world.slots()).toEqual([]);
  });

  it("takes an old volume that a policy is attached to later at the next slot, not for all the past", async () => {
    const world = new World();
    await world.pool("main/ssd");
    await world.volume(id);
    world.clock.advanceTo("2031-03-01T12:30:00Z");
    await world.policy("nightly", hourly);
    await world.runWell();
    expect(world.slots()).toEqual([]);
    world.clock.advanceTo("2031-03-01T13:10:00Z");
    await world.runWell();
    expect(world.slots()).toEqual(["20310301t130000z"]);
  });

  it("takes one snapshot a slot, however often it runs, named after policy, uid and slot", async () => {
    const { world, uid } = await worldWithPolicy();
    world.clock.advanceTo("2031-01-01T13:00:00Z");
    const [first] = await world.runWell();
    expect(first?.take).toMatchObject({ action: "taken", slot: "20310101t130000z" });
    world.clock.advanceTo("2031-01-01T13:59:59Z");
    const [second] = await world.runWell();
    expect(second?.take).toEqual({ action: "present", slot: "20310101t130000z" });
    expect(world.snapshots()).toMatchObject([
      {
        name: `db@nightly-${uid.slice(0, 6)}-20310101t130000z`,
        owner: `policy/${uid}`,
        taken: { policy: uid, slot: "20310101t130000z", group: `${uid}-20310101t130000z` },
        createdBy: "agent@test",
      },
    ]);
  });

  it("removes what the retention does not keep into the trash, and says why it keeps each of the others", async () => {
    const { world } = await worldWithPolicy();
    await world.runUntil("2031-01-02T03:30:00Z");
    expect(world.slots()).toEqual(["20310101t230000z", "20310102t010000z", "20310102t020000z", "20310102t030000z"]);
    const [report] = await world.runWell();
    expect(report?.prune).toMatchObject({ action: "nothing" });
    expect(report?.prune?.keep.map(({ reasons }) => reasons)).toEqual([
      ["hourly 2031-01-02 03:00Z", "daily 2031-01-02"],
      ["hourly 2031-01-02 02:00Z"],
      ["hourly 2031-01-02 01:00Z"],
      ["daily 2031-01-01"],
    ]);
    const trashed = world.state().pools.ssd?.objects.filter(({ phase }) => phase === "trashed") ?? [];
    expect(trashed).toHaveLength(11);
    expect(trashed[0]?.record.expiresAt).toBeDefined();
  });

  it("only says in a dry run what it would do, with the reasons", async () => {
    const { world } = await worldWithPolicy();
    await world.runUntil("2031-01-01T16:30:00Z");
    world.clock.advanceTo("2031-01-01T17:10:00Z");
    await world.policy("nightly", { ...hourly, retention: { keepLast: 2 }, keepAtLeast: 1 });
    const before = structuredClone(world.state());
    const [report] = await world.runWell({ dryRun: true });
    expect(report?.take).toMatchObject({ action: "planned", slot: "20310101t170000z" });
    expect(report?.prune).toMatchObject({ action: "planned", removed: [] });
    expect(report?.prune?.keep.map(({ reasons }) => reasons)).toEqual([["last 1 of 2"], ["last 2 of 2"]]);
    expect(report?.prune?.remove.map(({ reason }) => reason)).toEqual(
      Array(3).fill("not kept: last 2 used up by newer ones"),
    );
    expect(world.state()).toEqual(before);
  });

  it("does nothing for a policy that is switched off, and nothing on a frozen backend", async () => {
    const { world } = await worldWithPolicy({ ...hourly, ...{ enabled: false } });
    await world.runUntil("2031-01-01T14:30:00Z");
    expect(world.slots()).toEqual([]);
    await world.policy("nightly", hourly);
    const ports = world.ports().map((port) => ({ ...bind(port), isReadOnly: true }));
    const [report] = await world.runPorts(ports);
    expect(report).toMatchObject({ isFrozen: true, targets: [] });
    expect(world.slots()).toEqual([]);
  });

  it("runs the policy that comes with a class under the object's own uid, while it is attached", async () => {
    const world = new World();
    await world.pool("main/ssd");
    const uid = await world.volume(id);
    const policy = { name: "gold", schedule: "@hourly", retention: { keepLast: 5 } };
    world.edit(uid, { settings: { policy }, policies: [{ uid, generation: 1 }] });
    await world.runUntil("2031-01-01T14:30:00Z");
    expect(world.snapshots().map(({ name }) => name)).toEqual([
      `db@gold-${uid.slice(0, 6)}-20310101t130000z`,
      `db@gold-${uid.slice(0, 6)}-20310101t140000z`,
    ]);
    world.edit(uid, { policies: [] });
    await world.runUntil("2031-01-01T15:30:00Z");
    expect(world.slots()).toHaveLength(2);
  });

  it("lists every pool once in a run over 1,000 targets", async () => {
    const calls: string[] = [];
    const world = new World({ wrap: (driver) => recording(driver, calls) });
    await world.pool("main/ssd");
    const targets = Array.from({ length: 1000 }, (_, n) => `main/ssd/v${n}`);
    for (const target of targets) await world.volume(target);
    await world.policy("nightly", { ...hourly, targets });
    world.clock.advance(3_600_000);
    const reports = await world.runWell();
    expect(reports.filter(({ take }) => take?.action === "taken")).toHaveLength(1000);
    expect(calls.filter((call) => call === "list")).toHaveLength(1);
    expect(calls.filter((call) => call === "listPools")).toHaveLength(1);
    expect(calls).toHaveLength(1002);
  });

  it("uses nothing of a driver that could end a pool, the bytes of a volume or data before its time", async () => {
    const calls: string[] = [];
    const world = new World({ wrap: (driver) => recording(driver, calls) });
    await world.pool("main/ssd");
    await world.volume(id);
    await world.policy("nightly", hourly);
    await world.runUntil("2031-01-03T12:30:00Z");
    expect([...new Set(calls)].sort()).toEqual(["create", "list", "listPools", "trash"]);
  });
});

function bind(port: ReturnType<World["ports"]>[number]): ReturnType<World["ports"]>[number] {
  return { name: port.name, isReadOnly: false, read: port.read.bind(port), write: port.write.bind(port) };
}

import { newUid } from "../../../provider/drivers/record";
import { objectIn } from "../../contract/memory";
import { broken } from "./support/intercepted";
import { World } from "./support/world";

const hourly = { schedule: "@hourly", retention: { keepLast: 5 } };
const good = "main/ssd/good";
const bad = "main/ssd/bad";

/** Two targets of one policy, at the first slot. */
async function twoTargets(): Promise<{ world: World; uid: string; policy: string }> {
  const world = new World();
  await world.pool("main/ssd");
  await world.volume(good);
  const uid = await world.volume(bad);
  const policy = await world.policy("nightly", { ...hourly, targets: [good, bad] });
  world.clock.advance(3_600_000);
  return { world, uid, policy };
}

describe("a target that a policy cannot act on is skipped with the reason, and the others run", () => {
  test.each<[string, (world: World, uid: string, policy: string) => void | Promise<void>, RegExp]>([
    ["gone", (world, uid) => world.forget(uid), /^it is not in the pool any more$/],
    ["in the trash", async (world) => void (await world.library.delete(bad)), /^it is in the trash$/],
    ["missing", (world, uid) => void delete objectIn(world.state(), uid).bytes, /^it is missing: its bytes are gone$/],
    ["damaged", (world, uid) => world.edit(uid, { sizeBytes: -1 }), /^its record is damaged: /],
    ["not attached", (world, uid) => world.edit(uid, { policies: [] }), /^suspended: the policy is not attached/],
    [
      "at another generation",
      (world, uid, policy) => world.edit(uid, { policies: [{ uid: policy, generation: 7 }] }),
      /^suspended: it knows generation 7 of the policy, which is at 1; /,
    ],
  ])("%s", async (_name, breakIt, reason) => {
    const { world, uid, policy } = await twoTargets();
    await breakIt(world, uid, policy);
    const reports = await world.runWell();
    const byId = new Map(reports.map((report) => [report.target.id, report]));
    expect(byId.get(good)).toMatchObject({ status: "ok", take: { action: "taken" } });
    expect(byId.get(bad)).toMatchObject({ status: "skipped", reason: expect.stringMatching(reason) });
    expect(world.snapshots().map(({ name }) => name.split("@")[0])).toEqual(["good"]);
  });

  it("a copy of an object is nobody's target, though its record says the same", async () => {
    const { world, uid } = await twoTargets();
    world.health.set(uid, "copied");
    const [report] = await world.run();
    expect(report?.targets.find(({ target }) => target.id === bad)).toMatchObject({
      status: "skipped",
      reason: "it is copied",
    });
  });

  it("an undeleted target is suspended until the stack attaches it again", async () => {
    const { world, uid } = await twoTargets();
    await world.library.delete(bad);
    await world.library.undelete("main/ssd", uid);
    expect((await world.runWell()).find(({ target }) => target.id === bad)?.reason).toMatch(/^suspended/);
    await world.policy("nightly", { ...hourly, targets: [good] });
    await world.policy("nightly", { ...hourly, targets: [good, bad] });
    expect((await world.runWell()).map(({ status }) => status)).toEqual(["ok", "ok"]);
  });
});

describe("a target that fails", () => {
  it("keeps no other from its snapshot, and is reported", async () => {
    const { world, uid } = await twoTargets();
    objectIn(world.state(), uid).users.push("process 4711 (vm)");
    world.state().capabilities.onlineSnapshot = "none";
    for (const pool of Object.values(world.state().pools)) pool.record.capabilities.onlineSnapshot = "none";
    const [report] = await world.run();
    expect(new Map(report?.targets.map(({ target, status }) => [target.id, status]))).toEqual(
      new Map([
        [good, "ok"],
        [bad, "failed"],
      ]),
    );
    expect(report?.targets.find(({ status }) => status === "failed")).toMatchObject({
      reason: expect.stringContaining("in use by process 4711"),
      take: { action: "failed", code: "IN_USE" },
      prune: { action: "notRun" },
    });
  });
});

describe("a policy with targets in several pools and backends", () => {
  it("follows the record of the highest generation everywhere; targets of the older one are suspended", async () => {
    const world = new World({ backends: ["main", "other"] });
    await world.pool("main/ssd");
    await world.pool("other/ssd");
    await world.volume(good);
    await world.volume("other/ssd/far");
    await world.policy("nightly", { ...hourly, targets: [good, "other/ssd/far"] });
    // An update that reached the one backend and not the other
    const record = world.state("other").pools.ssd?.policies[0];
    Object.assign(record ?? {}, { generation: 2, revision: 9, requested: { ...record?.requested, enabled: true } });
    world.clock.advance(3_600_000);
    const reports = (await world.run()).flatMap(({ targets }) => targets);
    expect(reports.map(({ target, status }) => [target.id, status])).toEqual([
      [good, "skipped"],
      ["other/ssd/far", "skipped"],
    ]);
    expect(reports[0]?.reason).toContain("generation 1 of the policy, which is at 2");
  });

  it("a backend that cannot be reached keeps no other from running", async () => {
    const world = new World({
      backends: ["main", "other"],
      wrap: (driver, backend) => (backend === "other" ? broken(driver) : driver),
    });
    await world.pool("main/ssd");
    await world.volume(good);
    await world.policy("nightly", { ...hourly, targets: [good] });
    world.clock.advance(3_600_000);
    const [main, other] = await world.run();
    expect(main?.targets[0]?.take?.action).toBe("taken");
    expect(other).toMatchObject({ targets: [], failures: [{ where: "other", code: "UNAVAILABLE" }] });
  });
});

describe("a policy whose record cannot be used", () => {
  test.each([
    [{ retention: { keepSometimes: 3 } }, 'retention: unknown property "keepSometimes"'],
    [{ retention: { keepLast: 0 } }, "retention: keeps nothing"],
    [{ schedule: "whenever" }, "is not a schedule"],
    [{ afterwards: "reboot" }, 'unknown property "afterwards"'],
    [{ consistency: "group" }, 'consistency "group" is not possible'],
  ])("%j is a problem of the policy; nothing is taken or removed", async (change, problem) => {
    const { world } = await twoTargets();
    const record = world.state().pools.ssd?.policies[0];
    Object.assign(record?.requested ?? {}, change);
    const [report] = await world.run();
    expect(report?.targets).toEqual([]);
    expect(report?.problems).toEqual([expect.objectContaining({ problem: expect.stringContaining(problem) })]);
    expect(world.slots()).toEqual([]);
  });

  it("a record of a newer version is left alone", async () => {
    const { world } = await twoTargets();
    Object.assign(world.state().pools.ssd?.policies[0] ?? {}, { formatVersion: 2 });
    expect((await world.run())[0]?.problems[0]?.problem).toContain("newer version");
    expect(world.slots()).toEqual([]);
  });

  it("a record that came with the copied files of another pool is not this pool's", async () => {
    const { world } = await twoTargets();
    Object.assign(world.state().pools.ssd?.policies[0] ?? {}, { poolIdentity: newUid() });
    expect((await world.run())[0]).toMatchObject({ targets: [], problems: [] });
  });
});

import { setTimeout as sleep } from "node:timers/promises";
import { agentPort } from "../../../agent/run/agentPort";
import { PolicyBook } from "../../../agent/run/policyBook";
import { runOnce } from "../../../agent/run/runOnce";
import { Cluster } from "../../../provider/drivers/ceph/cluster";
import { CephDriver } from "../../../provider/drivers/ceph/driver";
import { Filesystems } from "../../../provider/drivers/ceph/filesystems";
import { type CephOptions, cephOptions } from "../../../provider/drivers/ceph/options";
import { Worker } from "../../../provider/drivers/ceph/worker";
import type { DriverType } from "../../../provider/drivers/driver";
import { simulate, simulatedAt, slotName } from "../../../provider/retention";
import { Storage, StorageLibrary } from "../../../provider/storage";
import { optionsFor } from "../../contract/harnesses/ceph";
import { killAll } from "../../engine/support/processes";
import { describeWith } from "../../support/requires";
import { seeded } from "../../unit/agent/support/faulty";
import { virtualClock } from "../../unit/agent/support/virtualClock";
import { sharedCluster } from "../support/cephCluster";
import { CephUser } from "../support/cephUser";
import { driverProcesses } from "../support/driverProcesses";

const startIso = "2031-01-01T00:10:00Z";
const quarterMs = 15 * 60_000;
const quarters = 16;
/** Longer than an object that is being made is its maker's. */
const leaseMs = 7_000;
const volumes = ["a", "b", "c"];
const policies = [
  { name: "often", schedule: "*/15 * * * *", timezone: "UTC", retention: { keepLast: 5 } },
  { name: "hourly", schedule: "@hourly", timezone: "Europe/Vienna", retention: { keepHourly: 3, keepDaily: 2 } },
];

describeWith({ needs: ["ceph"] }, "policies on a cluster, run as everywhere", () => {
  const cluster = sharedCluster();
  const user = new CephUser(cluster);
  beforeAll(() => user.clean());
  afterAll(() => user.close());

  test("four hours of slots, by agents that die and take turns: exactly one snapshot a slot, and the right ones are kept", async () => {
    const random = seeded(31);
    const clock = virtualClock(startIso);
    // The cluster's own clock cannot be moved
    const driver: DriverType<typeof cephOptions> = {
      type: "ceph",
      options: cephOptions,
      open: (backend, env) => {
        const worker = new Worker(backend.name, backend.options);
        const requests = new Cluster(worker, backend.name);
        const filesystems = new Filesystems(worker, backend.name);
        const site = {
          backend: backend.name,
          options: backend.options,
          cluster: requests,
          filesystems,
          env,
          now: async () => clock.now(),
        };
        return new CephDriver(site, () => worker.close());
      },
    };
    const driverOptions: CephOptions = optionsFor(cluster());
    const backend = { name: "main", driver: driver as unknown as DriverType, driverOptions, options: {} };
    const open = () => new Storage({ backends: [backend] }, { clock, actor: { by: "agent@test" } });
    let library = new StorageLibrary(open(), "stack");
    await library.createPool("main/ssd", { reserve: "0B" });
    for (const name of volumes) await library.createVolume(`main/ssd/${name}`, { size: "1MiB" });
    for (const { name, ...rules } of policies)
      await library.applyPolicy(name, { ...rules, targets: volumes.map((volume) => `main/ssd/${volume}`) });

    await library.close();

    let agent = { storage: open(), book: new PolicyBook() };
    const run = () => runOnce([agentPort(agent.storage.backend("main"))], { clock }, agent.book);
    let deaths = 0;
    for (let quarter = 0; quarter < quarters; quarter += 1) {
      clock.advance(quarterMs);
      while (random() < 0.5) {
        const running = run();
        await Promise.race([running, sleep(random() * 700)]);
        const found = driverProcesses();
        deaths += found.length;
        killAll(found);
        await running;
        await agent.storage.close();
        agent = { storage: open(), book: new PolicyBook() };
        // Then another one, while what the first has half-made is still its, or when it is not any more
        if (random() < 0.5) await run();
        clock.advance(leaseMs);
      }
      const reports = await run();
      expect(reports.flatMap(({ failures, problems }) => [...failures, ...problems])).toEqual([]);
      expect(reports.flatMap(({ targets }) => targets.filter(({ status }) => status === "failed"))).toEqual([]);
    }
    await agent.storage.close();
    expect(deaths).toBeGreaterThan(5);

    library = new StorageLibrary(open(), "stack");
    const view = await library.storage.view({ backend: "main", pool: "ssd" }, { maxAgeMs: 0 });
    const names = new Map(view.policies().map(({ uid, name }) => [uid, name]));
    const taken = view
      .all()
      .flatMap(({ record, phase }) =>
        record.taken
          ? [{ phase, slot: `${names.get(record.taken.policy)} ${record.name.split("@")[0]} ${record.taken.slot}` }]
          : [],
      );
    const live = taken.filter(({ phase }) => phase === "live").map(({ slot }) => slot);
    expect(live.sort()).toEqual(expected(clock.now()));
    // Those in the trash as well: no slot was ever taken twice
    const all = taken.map(({ slot }) => slot);
    expect(all.filter((slot, at) => all.indexOf(slot) !== at)).toEqual([]);
    await library.fsck("main/ssd", { repair: true });
    expect(await library.fsck("main/ssd")).toEqual([]);
    await library.close();
  }, 180_000);
});

/** What the rules say that there is, of every volume. */
function expected(endMs: number): string[] {
  return policies
    .flatMap(({ name, schedule, timezone, retention }) => {
      const simulation = simulate(retention, schedule, { from: startIso, years: 0.01, timezone });
      const slots = simulatedAt(simulation, endMs).restorePoints.map((point) => slotName(point));
      return volumes.flatMap((volume) => slots.map((slot) => `${name} ${volume} ${slot}`));
    })
    .sort();
}

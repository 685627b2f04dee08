import { mkdirSync, mkdtempSync, realpathSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { simulate, simulatedAt, slotName } from "../../provider/retention";
import { Storage, StorageLibrary } from "../../provider/storage";
import { resolveConfig } from "../../provider/storage/configSources";
import { applyPolicy } from "../../provider/storage/policies";
import { ClockFile, timingOf } from "../support/clockFile";
import { describeWith } from "../support/requires";
import { TimedCli } from "../support/timedCli";
import { seeded } from "../unit/agent/support/faulty";

const quarterMs = 15 * 60_000;
const startMs = Date.parse("2031-01-01T00:10:00Z");
const quarters = 24;
const names = ["a", "b", "c"];
const policies = [
  { name: "often", schedule: "*/15 * * * *", timezone: "UTC", retention: { keepLast: 5 } },
  { name: "hourly", schedule: "@hourly", timezone: "Europe/Vienna", retention: { keepHourly: 3, keepDaily: 2 } },
];
/** A run of all targets takes less than this on an idle machine; where it takes longer, agents are killed earlier in it. */
const longestLifeMs = 1500;

interface History {
  history: { slot: string; policy: string; target: string; fate: { state: string } }[];
}
interface Findings {
  findings: unknown[];
}

/** A folder with a real pool, agents as processes of their own, and one clock for all of them. */
class Fleet {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "krs-fleet-")));
  readonly clock = new ClockFile(join(this.folder, "clock"));
  deaths = 0;
  private readonly path = join(this.folder, "storage");
  private readonly agents: TimedCli[] = [];
  private readonly backends = {
    main: { type: "local", path: this.path, allowFilesystem: `0x${statfsSync(this.folder).type.toString(16)}` },
  };

  constructor() {
    this.clock.set(startMs);
    mkdirSync(this.path, { mode: 0o711 });
    this.write("krstorage.yaml", { backends: this.backends });
    for (const n of [0, 1])
      this.write(`agent-${n}.yaml`, { listen: "127.0.0.1:0", poll: "1h", state: join(this.folder, `state-${n}`) });
  }

  async declare(): Promise<void> {
    const timing = timingOf(this.clock, () => undefined);
    const library = new StorageLibrary(
      new Storage(resolveConfig({ backends: this.backends }), { clock: timing }),
      "stack",
    );
    try {
      await library.createPool("main/ssd", { reserve: "1MiB" });
      for (const name of names) await library.createVolume(`main/ssd/${name}`, { size: "64KiB" });
      const targets = names.map((name) => ({ backend: "main", pool: "ssd", name }));
      for (const { name, ...rules } of policies) {
        const requested = { ...rules, targets: names.map((target) => `main/ssd/${target}`) };
        const wanted = { name, owner: `stack/SnapshotPolicy/${name}`, requested, labels: {}, targets };
        await applyPolicy(library.storage, undefined, wanted, []);
      }
    } finally {
      await library.close();
    }
  }

  begin(n: number): void {
    this.agents[n] = new TimedCli(this.clock, ["agent"], this.env(n));
  }
  async kill(n: number): Promise<void> {
    const agent = this.agents[n] as TimedCli;
    if (!agent.isResting) this.deaths += 1;
    agent.kill("SIGKILL");
    await agent.ended;
  }
  async rest(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.rests()));
  }
  json<T>(...args: string[]): Promise<T> {
    return TimedCli.json<T>(this.clock, args, this.env(0));
  }
  async end(): Promise<void> {
    await Promise.all(this.agents.map((_agent, n) => this.kill(n)));
  }

  env(n: number): NodeJS.ProcessEnv {
    const file = (name: string) => join(this.folder, name);
    return {
      ...process.env,
      KRSTORAGE_CONFIG: file("krstorage.yaml"),
      KRSTORAGE_AGENT_CONFIG: file(`agent-${n}.yaml`),
      HOME: this.folder,
    };
  }
  private write(name: string, content: object): void {
    writeFileSync(join(this.folder, name), JSON.stringify(content), { mode: 0o600 });
  }
}

describeWith({ needs: ["linux"] }, "two agents at once on a real pool, each killed at random", () => {
  test("exactly one snapshot a slot, and after one more run exactly the right ones", async () => {
    const random = seeded(21);
    const fleet = new Fleet();
    await fleet.declare();
    for (const n of [0, 1]) fleet.begin(n);
    try {
      for (let quarter = 0; quarter < quarters; quarter += 1) {
        await fleet.rest();
        fleet.clock.set(startMs + (quarter + 1) * quarterMs);
        // Either, in the middle of what it does; then another one in its place, perhaps no luckier
        for (const n of [0, 1])
          while (random() < 0.4) {
            await wait(random() * longestLifeMs);
            await fleet.kill(n);
            fleet.begin(n);
          }
      }
      await fleet.rest();
    } finally {
      await fleet.end();
    }
    expect(fleet.deaths).toBeGreaterThan(5);
    await fleet.json("policy", "run");
    const { history } = await fleet.json<History>("policy", "history", "--limit", "10000");
    const live = history.filter(({ fate }) => fate.state === "live");
    const found = live.map(({ policy, target, slot }) => `${policy} ${target} ${slot}`);
    expect(found.sort()).toEqual(expected(fleet.clock.now()));
    // In the trash as well: no slot was ever taken twice
    const all = history.map(({ policy, target, slot }) => `${policy} ${target} ${slot}`);
    expect(all.filter((one, at) => all.indexOf(one) !== at)).toEqual([]);
    // What kills leave is lock files, links and copies of records, which mending puts right
    await new TimedCli(fleet.clock, ["fsck", "main/ssd", "--repair"], fleet.env(0)).ended;
    expect(await fleet.json<Findings>("fsck", "main/ssd")).toMatchObject({ findings: [] });
    rmSync(fleet.folder, { recursive: true });
  }, 600_000);
});

/** What the rules say that there is, of every volume. */
function expected(endMs: number): string[] {
  return policies
    .flatMap(({ name, schedule, timezone, retention }) => {
      const simulation = simulate(retention, schedule, { from: startMs, years: 0.01, timezone });
      const slots = simulatedAt(simulation, endMs).restorePoints.map((point) => slotName(point));
      return names.flatMap((volume) => slots.map((slot) => `${name} main/ssd/${volume} ${slot}`));
    })
    .sort();
}

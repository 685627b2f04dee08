import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Simulation, simulate, simulatedAt, slotName } from "../../provider/retention";
import { openStorage } from "../../provider/storage";
import { ClockFile } from "../support/clockFile";
import { describeWith } from "../support/requires";
import { TimedCli } from "../support/timedCli";
import { Example } from "./support/example";
import { expectSuccess } from "./support/testStack";

const hourMs = 3_600_000;
const weekMs = 7 * 24 * hourMs;

interface Plan {
  backends: {
    targets: {
      take: { action: string };
      prune: { keep: { id: string; reasons: string[] }[]; remove: unknown[] };
      snapshots: Record<string, string>;
    }[];
  }[];
}
interface History {
  history: { slot: string; fate: { state: string } }[];
}

describeWith({ needs: ["engine"] }, "the quickstart's stack, and an agent for a week", () => {
  const example = new Example("quickstart");
  const clock = new ClockFile(join(example.folder, "..", "clock"));
  const configFile = join(example.folder, "krstorage.yaml");
  const agentConfigFile = join(example.folder, "agent.yaml");
  const env = {
    ...process.env,
    HOME: example.folder,
    KRSTORAGE_CONFIG: configFile,
    KRSTORAGE_AGENT_CONFIG: agentConfigFile,
  };
  afterAll(() => example.remove());

  /** The stack as `npm run quickstart` makes it, and the file by which command line and agent reach its storage. */
  async function up(): Promise<void> {
    const path = join(example.folder, ".local", "storage");
    expectSuccess(
      await example.shell(`
        mkdir -p -m 0711 .local/storage
        pulumi stack init dev
        pulumi config set --path krstorage:backends.main.type local
        pulumi config set --path krstorage:backends.main.path "$PWD/.local/storage"
        pulumi up --yes`),
    );
    writeFileSync(configFile, JSON.stringify({ backends: { main: { type: "local", path } } }), { mode: 0o600 });
    writeFileSync(agentConfigFile, `listen: 127.0.0.1:0\npoll: 20m\nstate: ${example.folder}/agent\n`, { mode: 0o600 });
  }

  /** What the policy says, by the rule alone. */
  async function simulated(): Promise<Simulation> {
    const storage = openStorage(JSON.parse(readFileSync(configFile, "utf8")) as Parameters<typeof openStorage>[0]);
    try {
      const view = await storage.storage.view({ backend: "main", pool: "ssd" }, { maxAgeMs: 0 });
      const [policy] = view.policies();
      expect(policy?.requested).toMatchObject({ schedule: "@hourly", retention: { keepHourly: 6, keepDaily: 7 } });
      const retention = policy?.requested.retention as { keepHourly: number; keepDaily: number };
      return simulate(retention, "@hourly", { from: policy?.createdAt ?? "", years: 0.1 });
    } finally {
      await storage.close();
    }
  }

  test("has exactly the snapshots that its policy says, its metrics show them, and the plan explains each", async () => {
    await up();
    const simulation = await simulated();
    const startMs = Date.now();
    // In the middle of an hour: the page shows what the last look saw, and the one at the hour was before that hour's run
    const endMs = Math.floor((startMs + weekMs) / hourMs) * hourMs + hourMs / 2;
    const taken = simulation.snapshots.filter(({ start }) => start.getTime() <= endMs).length;
    const expected = simulatedAt(simulation, endMs)
      .restorePoints.map((point) => slotName(point))
      .sort();

    clock.set(startMs);
    const agent = new TimedCli(clock, ["agent"], env);
    const address = await agent.said(/metrics at (http:\S+\/metrics)/);
    await agent.passUntil(endMs);
    const metrics = await (await fetch(address)).text();
    agent.kill("SIGTERM");
    expect((await agent.ended).code).toBe(0);

    // Exactly the snapshots
    const { history } = await TimedCli.json<History>(clock, ["policy", "history", "--limit", "1000"], env);
    const live = history.filter(({ fate }) => fate.state === "live").map(({ slot }) => slot);
    expect(live.sort()).toEqual(expected);
    // On the metrics page; the stack has made one more, by itself
    const series = (start: string) => metrics.split("\n").filter((line) => line.startsWith(`krstorage_${start}`));
    const value = (start: string) => series(start).map((line) => Number(line.split(" ").at(-1)));
    expect(value('objects{backend="main",pool="ssd",kind="snapshot",status="ready"}')).toEqual([expected.length + 1]);
    expect(value('snapshots_taken_total{backend="main"}')).toEqual([taken]);
    expect(value('snapshots_pruned_total{backend="main"}')).toEqual([taken - expected.length]);
    expect(value("policy_newest_good_age_seconds{")[0]).toBeLessThan(hourMs / 1000);
    expect(value("policy_failing{")).toEqual([0]);
    // Explained
    const { backends } = await TimedCli.json<Plan>(clock, ["policy", "plan", "hourly"], env);
    const [target] = backends.flatMap(({ targets }) => targets);
    const explained = (target?.prune.keep ?? []).map(({ id, reasons }): [string, string] => [
      target?.snapshots[id]?.split("-").at(-1) ?? id,
      reasons.join("; "),
    ]);
    expect(target).toMatchObject({ take: { action: "present" }, prune: { remove: [] } });
    expect(explained.map(([slot]) => slot).sort()).toEqual(expected);
    for (const [, why] of explained) expect(why).toMatch(/\b(hourly|daily|oldest)\b/);

    // The stack is none the wiser, and takes everything down as ever
    expectSuccess(await example.pulumi("preview", "--refresh", "--expect-no-changes"));
    expectSuccess(await example.pulumi("destroy", "--yes"));
  }, 600_000);
});

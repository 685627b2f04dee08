import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent } from "../../../agent/daemon/agent";
import { nextDelay } from "../../../agent/daemon/pollDelay";
import { simulate, simulatedAt, slotName } from "../../../provider/retention";
import { describeWith } from "../../support/requires";
import { broken } from "./support/intercepted";
import { recording } from "./support/recording";
import { VirtualTiming } from "./support/virtualTiming";
import { World, type WorldOptions } from "./support/world";

const id = "main/ssd/db";
const dayMs = 86_400_000;
const policy = { schedule: "@hourly", timezone: "Europe/Vienna", retention: { keepHourly: 24, keepDaily: 7 } };

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A world with an agent on all its backends. */
async function worldWithAgent(options: WorldOptions = {}) {
  const world = new World(options);
  await world.pool("main/ssd");
  await world.volume(id);
  await world.policy("nightly", { ...policy, targets: [id] });
  const timing = new VirtualTiming(world.clock);
  const state = mkdtempSync(join(tmpdir(), "krs-agent-"));
  folders.push(state);
  const said: string[] = [];
  const log = { debug: () => undefined, info: () => undefined, warn: (text: string) => void said.push(text) };
  const parts = { ports: world.ports(), config: { state, listen: "127.0.0.1:0", poll: "30m" }, timing, log, env: {} };
  const agent = new Agent(parts);
  return {
    world,
    timing,
    agent,
    said,
    start: (config = {}) => new Agent({ ...parts, config: { ...parts.config, ...config } }),
  };
}

/** The value of a series, or undefined. */
function readSeries(metrics: string, series: string): number | undefined {
  const line = metrics.split("\n").find((text) => text.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe("an agent", () => {
  it("runs for a week, compressed, and leaves exactly the snapshots that its policy says, which its metrics show", async () => {
    const { world, timing, agent } = await worldWithAgent();
    const from = new Date(world.clock.now()).toISOString();
    await agent.start();
    await timing.pass(7 * dayMs, 1);
    const text = await agent.metrics.text();
    await agent.stop();
    const simulation = simulate(policy.retention, policy.schedule, { from, years: 0.1, timezone: policy.timezone });
    const expected = simulatedAt(simulation, world.clock.now()).restorePoints.map((point) => slotName(point));
    expect(world.slots()).toEqual(expected);
    expect(readSeries(text, 'krstorage_objects{backend="main",pool="ssd",kind="volume",status="ready"}')).toBe(1);
    expect(readSeries(text, 'krstorage_objects{backend="main",pool="ssd",kind="snapshot",status="ready"}')).toBe(
      expected.length,
    );
    expect(readSeries(text, 'krstorage_snapshots_taken_total{backend="main"}')).toBe(168);
    expect(readSeries(text, 'krstorage_snapshots_pruned_total{backend="main"}')).toBe(168 - expected.length);
    expect(readSeries(text, 'krstorage_backend_up{backend="main"}')).toBe(1);
    const age = text.split("\n").find((line) => line.startsWith("krstorage_policy_newest_good_age_seconds{"));
    expect(Number(age?.split(" ").at(-1))).toBe(30 * 60);
    // What was removed more than a day ago has ended
    const trashed = world.state().pools.ssd?.objects.filter(({ phase }) => phase === "trashed") ?? [];
    expect(trashed.every(({ record }) => Date.parse(record.expiresAt ?? "") > world.clock.now() - 1_800_000)).toBe(
      true,
    );
  }, 60_000);

  it("checks every pool once a week, and after a restart only when a week is over", async () => {
    const calls: string[] = [];
    const { timing, agent, start } = await worldWithAgent({ wrap: (driver) => recording(driver, calls) });
    const checks = () => calls.filter((method) => method === "fsck").length;
    await agent.start();
    await timing.pass(8 * dayMs, 1);
    await agent.stop();
    expect(checks()).toBe(2);
    const again = start();
    await again.start();
    await timing.pass(5 * dayMs, 1);
    await again.stop();
    expect(checks()).toBe(2);
  }, 60_000);

  it("a backend that is down keeps no other from running, is tried less and less often, and is taken up again", async () => {
    let isDown = true;
    const calls: string[] = [];
    const { world, timing, agent } = await worldWithAgent({
      backends: ["main", "far"],
      wrap: (driver, backend) =>
        backend === "far"
          ? recording(
              switched(driver, () => isDown),
              calls,
            )
          : driver,
    });
    await agent.start();
    await timing.pass(3 * 3_600_000, 2);
    expect(world.slots()).toHaveLength(3);
    const text = await agent.metrics.text();
    expect(readSeries(text, 'krstorage_backend_up{backend="far"}')).toBe(0);
    expect(readSeries(text, 'krstorage_backend_up{backend="main"}')).toBe(1);
    expect(readSeries(text, 'krstorage_driver_errors_total{backend="far",method="listPools",code="UNAVAILABLE"}')).toBe(
      calls.length,
    );
    expect(calls.length).toBeLessThan(25);
    isDown = false;
    await timing.pass(3_600_000, 2);
    expect(readSeries(await agent.metrics.text(), 'krstorage_backend_up{backend="far"}')).toBe(1);
    await agent.stop();
  });

  it("serves metrics and health at loopback", async () => {
    const { timing, agent } = await worldWithAgent();
    const server = await agent.serve();
    const get = (path: string) => fetch(`http://${server.address}${path}`);
    try {
      expect((await get("/readyz")).status).toBe(503);
      await agent.start();
      await timing.pass(3_600_000, 1);
      expect([(await get("/readyz")).status, (await get("/healthz")).status]).toEqual([200, 200]);
      expect((await get("/secrets")).status).toBe(404);
      expect((await fetch(`http://${server.address}/metrics`, { method: "POST" })).status).toBe(405);
      const text = await (await get("/metrics")).text();
      expect(text).toContain("krstorage_driver_call_duration_seconds_bucket");
    } finally {
      await agent.stop();
      await server.close();
    }
  });

  it("shows the largest volumes where there are many, and how many more there are", async () => {
    const { world, timing, start } = await worldWithAgent();
    for (let n = 0; n < 20; n += 1) await world.library.createVolume(`main/ssd/v${n}`, { size: `${n + 32}KiB` });
    const agent = start({ volumeMetrics: 2 });
    await agent.start();
    await timing.pass(60_000, 1);
    const text = await agent.metrics.text();
    await agent.stop();
    expect(text.match(/^krstorage_volume_size_bytes\{.*$/gm)).toEqual([
      'krstorage_volume_size_bytes{backend="main",pool="ssd",volume="v19"} 52224',
      'krstorage_volume_size_bytes{backend="main",pool="ssd",volume="v18"} 51200',
    ]);
    expect(readSeries(text, 'krstorage_pool_volumes_omitted{backend="main",pool="ssd",tier=""}')).toBe(19);
  });

  it("stops at once when it sleeps", async () => {
    const { timing, agent } = await worldWithAgent();
    await agent.start();
    await timing.pass(3_600_000, 1);
    await agent.stop();
    expect(await agent.metrics.text()).toContain("krstorage_runs_total");
  });
});

describeWith({ needs: ["promtool"] }, "what an agent's metrics page shows", () => {
  it("promtool finds nothing wrong in it", async () => {
    const { timing, agent } = await worldWithAgent();
    await agent.start();
    await timing.pass(3_600_000, 1);
    const input = await agent.metrics.text();
    await agent.stop();
    expect(execFileSync("promtool", ["check", "metrics"], { input, encoding: "utf8" })).toBe("");
  });
});

describe("how long an agent waits", () => {
  const rhythm = { pollMs: 60_000, lookMs: 10, failures: 0, untilSlotMs: undefined };
  test.each([
    ["until it looks for changes", rhythm, 60_000],
    ["until the next slot", { ...rhythm, untilSlotMs: 1234 }, 1234],
    ["no time at all is a hot loop", { ...rhythm, untilSlotMs: -5 }, 100],
    ["a slow look is made less often: a hundredth of its time", { ...rhythm, lookMs: 2_000 }, 200_000],
    ["a backend that is down is tried again soon", { ...rhythm, failures: 1 }, 5_000],
    ["then later", { ...rhythm, failures: 4, untilSlotMs: 10 }, 40_000],
    ["and at least every quarter of an hour", { ...rhythm, failures: 99 }, 900_000],
  ])("%s", (_name, given, expected) => {
    expect(nextDelay(given)).toBe(expected);
  });
});

function switched(driver: Parameters<typeof broken>[0], isDown: () => boolean): typeof driver {
  const down = broken(driver);
  return new Proxy(driver, {
    get: (target, key) => Reflect.get(isDown() ? down : target, key, isDown() ? down : target),
  });
}

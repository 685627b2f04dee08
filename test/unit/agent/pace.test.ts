import { runSettings } from "../../../agent/config/runSettings";
import { Pace } from "../../../agent/run/pace";
import { World } from "./support/world";

const id = "main/ssd/db";
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };

/** A clock that goes on when somebody waits, and by nothing else. */
function waitingClock() {
  let nowMs = 0;
  return {
    now: () => nowMs,
    uptime: () => nowMs,
    bootId: () => "boot",
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
}

describe("how fast snapshots are removed from a backend", () => {
  it("is a burst, then so many a second, and a burst again after a quiet time", async () => {
    const clock = waitingClock();
    const pace = new Pace({ perSecond: 2, burst: 4 }, clock);
    const times: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      await pace.turn();
      times.push(clock.now());
    }
    expect(times).toEqual([0, 0, 0, 0, 500, 1000, 1500, 2000]);
    await clock.sleep(60_000);
    const from = clock.now();
    for (let n = 0; n < 4; n += 1) await pace.turn();
    expect(clock.now()).toBe(from);
  });

  it("is as the agent's configuration says, for each backend by itself", async () => {
    const clock = waitingClock();
    const config = { prunesPerSecond: 1, state: "/nowhere" };
    const [one, two] = [runSettings(config, {}, clock, silent), runSettings(config, {}, clock, silent)];
    for (let n = 0; n < 20; n += 1) await one.pace?.turn();
    expect(clock.now()).toBe(10_000);
    for (let n = 0; n < 10; n += 1) await two.pace?.turn();
    expect(clock.now()).toBe(10_000);
  });

  it("holds when a lowered retention gives many up at once", async () => {
    const world = new World();
    await world.pool("main/ssd");
    await world.volume(id);
    const policy = { schedule: "@hourly", targets: [id] };
    await world.policy("nightly", { ...policy, retention: { keepLast: 40 } });
    await world.runUntil("2031-01-03T04:30:00Z");
    expect(world.slots()).toHaveLength(40);
    await world.policy("nightly", { ...policy, retention: { keepLast: 5 } }, 35);
    const clock = waitingClock();
    const pace = new Pace({ perSecond: 1, burst: 10 }, clock);
    const [report] = await world.runWell({ pace });
    expect(report?.prune?.removed).toHaveLength(35);
    expect(clock.now()).toBe(25_000);
  });
});

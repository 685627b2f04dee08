import { nextRuns, type RetentionPolicy, simulate, simulatedAt, slotName } from "../../provider/retention";
import { World } from "../unit/agent/support/world";

const id = "main/ssd/db";
const schedule = "@hourly";
const retention: RetentionPolicy = { keepHourly: 24, keepDaily: 7, keepWeekly: 5, keepMonthly: 12 };
const from = "2031-12-01T00:10:00Z";
/** Past 29 February 2032, both changes of the clocks of either hemisphere, and week 53 of 2032. */
const to = "2033-01-10T12:10:00Z";

/** An agent that runs whenever a slot begins. Returns its world, and how many slots there were. */
async function runUntilEnd(timezone: string): Promise<{ world: World; runs: number }> {
  const world = new World({ at: from });
  await world.pool("main/ssd");
  await world.volume(id);
  await world.policy("all", { schedule, timezone, retention, targets: [id] });
  for (let runs = 0; ; runs += 1) {
    const next = nextRuns(schedule, { from: world.clock.now(), timezone })[0] as Date;
    if (next.getTime() > Date.parse(to)) return { world, runs };
    world.clock.advance(next.getTime() - world.clock.now());
    await world.runWell();
    world.emptyTrash();
  }
}

describe("a whole year of hourly, daily, weekly and monthly snapshots, run by run", () => {
  test.each([["Europe/Vienna"], ["America/St_Johns"], ["Asia/Kathmandu"], ["Pacific/Apia"], ["UTC"]])(
    "%s: exactly the snapshots that the policy says",
    async (timezone) => {
      const { world, runs } = await runUntilEnd(timezone);
      // Every passing hour is a slot, whatever is done to the clocks
      expect(runs).toBe((Date.parse(to) - Date.parse(from)) / 3_600_000);
      const simulation = simulate(retention, schedule, { from, years: 1.2, timezone });
      expect(world.slots()).toEqual(simulatedAt(simulation, to).restorePoints.map((point) => slotName(point)));
      expect(new Set(world.slots()).size).toBe(world.slots().length);
    },
    180_000,
  );
});

import { parseSlotName, simulate, simulatedAt, slotName } from "../../provider/retention";
import { dying } from "../unit/agent/support/dying";
import { seeded } from "../unit/agent/support/faulty";
import { World } from "../unit/agent/support/world";

const volumes = 200;
const startIso = "2031-01-01T00:10:00Z";
const quarter = 15 * 60_000;
const policies = [
  { name: "often", schedule: "*/15 * * * *", timezone: "UTC", retention: { keepLast: 8 } },
  { name: "hourly", schedule: "@hourly", timezone: "Europe/Vienna", retention: { keepHourly: 6, keepDaily: 3 } },
];

describe("24 hours of 200 volumes, by agents that are killed at random", () => {
  test.each([11, 12])(
    "seed %d: exactly the right snapshots in the end, and never two of one slot",
    async (seed) => {
      const random = seeded(seed);
      const world = new World({ at: startIso });
      await world.pool("main/ssd");
      const targets = Array.from({ length: volumes }, (_, n) => `main/ssd/v${n}`);
      for (const target of targets) await world.volume(target);
      for (const policy of policies) await world.policy(policy.name, { ...policy, targets });
      let deaths = 0;
      for (let slots = 0; slots < 24 * 4; slots += 1) {
        world.clock.advance(quarter);
        // Killed about every other time, at any of the calls that the run might make; then another one takes over at once
        while (random() < 0.5) {
          const when = random() < 0.5 ? ("before" as const) : ("after" as const);
          const { wrap, died } = dying({ call: 1 + Math.floor(random() * 2 * volumes), when });
          const ended = await Promise.race([world.run({}, world.openStorage(wrap)), died]);
          if (ended === "died") deaths += 1;
        }
        await world.runWell();
        world.emptyTrash();
      }
      expect(deaths).toBeGreaterThan(20);
      expect(slotsByPolicy(world)).toEqual(expectedSlots(world.clock.now()));
    },
    180_000,
  );
});

/** The slots that each volume has, where all have the same; else all of them, for the difference to be seen. */
function slotsByPolicy(world: World): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const { name } of policies) {
    const byVolume = new Map<string, string[]>();
    for (const record of world.snapshots()) {
      const [volume = "", snapshot = ""] = record.name.split("@");
      if (!snapshot.startsWith(`${name}-`)) continue;
      byVolume.set(volume, [...(byVolume.get(volume) ?? []), record.taken?.slot ?? ""]);
    }
    const distinct = new Set([...byVolume.values()].map((slots) => slots.join()));
    found[name] = { volumes: byVolume.size, slots: [...distinct] };
  }
  return found;
}

function expectedSlots(endMs: number): Record<string, unknown> {
  const expected: Record<string, unknown> = {};
  for (const { name, schedule, timezone, retention } of policies) {
    const simulation = simulate(retention, schedule, { from: startIso, years: 0.01, timezone });
    const slots = simulatedAt(simulation, endMs).restorePoints.map((point) => slotName(point));
    expect(slots.every((slot) => parseSlotName(slot))).toBe(true);
    expected[name] = { volumes, slots: [slots.join()] };
  }
  return expected;
}

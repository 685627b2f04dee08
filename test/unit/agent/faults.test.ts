import { slotName } from "../../../provider/retention";
import { type Fault, faulty, seeded } from "./support/faulty";
import { World } from "./support/world";

const targets = ["main/ssd/a", "main/ssd/b", "main/ssd/c"];
// What a bad day leaves is more than a fuse lets through at once; that is another test
const policy = { schedule: "@hourly", retention: { keepLast: 4 }, maxDeletes: 30, targets };

/** A world that has run well until 17:30, and whose calls then go as `fault` says. */
async function settled(): Promise<{ world: World; setFault: (fault: (method: string) => Fault | undefined) => void }> {
  let fault: (method: string) => Fault | undefined = () => undefined;
  const world = new World({ wrap: (driver) => faulty(driver, (method) => fault(method)) });
  await world.pool("main/ssd");
  for (const target of targets) await world.volume(target);
  await world.policy("nightly", policy);
  await world.runUntil("2031-01-01T17:30:00Z");
  return {
    world,
    setFault: (next) => {
      fault = next;
    },
  };
}

const hours = (world: World) => world.slots().map((slot) => slot.slice(9, 11));
const right = ["15", "16", "17", "18"].flatMap((hour) => targets.map(() => hour));

describe("a backend whose calls go wrong", () => {
  const methods = ["listPools", "list", "create", "trash"];
  const kinds: Fault[] = ["fail", "hang", "lose"];
  const faults = methods.flatMap((method) => kinds.map((kind) => ({ method, kind })));

  test.each(faults)(
    "$method: $kind, every time: the run ends, says so, and the one after the fault is right",
    async ({ method, kind }) => {
      const { world, setFault } = await settled();
      world.clock.advance(3_600_000);
      setFault((called) => (called === method ? kind : undefined));
      const [report] = await world.run({ signal: AbortSignal.timeout(50) });
      const failed = report?.targets.filter(({ status }) => status === "failed").length ?? 0;
      const isSeen = (report?.failures.length ?? 0) > 0 || failed > 0;
      // A lost reply is looked for at once, and what is there counts
      expect(isSeen || (method === "create" && kind === "lose")).toBe(true);
      setFault(() => undefined);
      await world.runWell();
      expect(hours(world)).toEqual(right);
    },
  );

  test("a snapshot whose reply was lost is found in the same run, and pruning follows", async () => {
    const { world, setFault } = await settled();
    world.clock.advance(3_600_000);
    setFault((called) => (called === "create" ? "lose" : undefined));
    const reports = await world.runWell();
    expect(reports.map(({ take }) => [take?.action, take?.reason])).toEqual(
      targets.map(() => ["taken", "its reply was lost; it is there"]),
    );
    expect(hours(world)).toEqual(right);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "a day in which a third of all calls goes wrong at random (seed %d): then one run reaches the right set",
    async (seed) => {
      const random = seeded(seed);
      const { world, setFault } = await settled();
      setFault(() => (random() < 1 / 3 ? kinds[Math.floor(random() * 3)] : undefined));
      for (let hour = 0; hour < 24; hour += 1) {
        world.clock.advance(3_600_000);
        await world.run({ signal: AbortSignal.timeout(20) });
        const names = world.snapshots().map(({ sourceUid, taken }) => `${sourceUid} ${taken?.slot}`);
        expect(new Set(names).size).toBe(names.length);
      }
      setFault(() => undefined);
      world.clock.advance(3_600_000);
      const reports = await world.runWell();
      // A target that went without snapshots for more than three hours is pruned one run later
      if (reports.some(({ prune }) => prune?.action === "refused")) {
        world.clock.advance(3_600_000);
        await world.runWell();
      }
      const nowMs = world.clock.now();
      const newest = slotName(Math.floor(nowMs / 3_600_000) * 3_600_000);
      expect(world.slots().filter((slot) => slot === newest)).toHaveLength(targets.length);
      const each = targets.map((target) =>
        world.snapshots().filter(({ name }) => target.endsWith(`/${name.split("@")[0]}`)),
      );
      expect(each.map(({ length }) => length)).toEqual([4, 4, 4]);
    },
    20_000,
  );
});

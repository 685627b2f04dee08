import { settled, startProgram } from "../support/program";

let program: Awaited<ReturnType<typeof startProgram>>;
beforeAll(async () => {
  program = await startProgram("update");
});

test("each class knows its own instances, and no others", () => {
  const { Pool, Volume, Snapshot } = program.sdk;
  const pool = new Pool("ssd");
  const volume = new Volume("data", { size: "1GiB", pool });
  const snapshot = new Snapshot("s", { source: volume });
  const classes = [Pool, Volume, Snapshot];
  expect([pool, volume, snapshot].map((instance) => classes.map((each) => each.isInstance(instance)))).toEqual([
    [true, false, false],
    [false, true, false],
    [false, false, true],
  ]);
});

test.each([undefined, null, "main/ssd", 1, {}, { __pulumiType: "other" }])("%j is an instance of none", (value) => {
  const { Pool, Volume, Snapshot } = program.sdk;
  expect([Pool, Volume, Snapshot].some((each) => each.isInstance(value))).toBe(false);
});

test("instances are known across two copies of the package", () => {
  const { sdk } = program;
  const pool = new sdk.Pool("twice");
  let second: typeof sdk | undefined;
  jest.isolateModules(() => {
    second = require("../../../sdk") as typeof sdk;
  });
  expect(second?.Pool).not.toBe(sdk.Pool);
  expect(second?.Pool.isInstance(pool)).toBe(true);
});

test("__pulumiType is the token of the class and of its instances", () => {
  const { Pool } = program.sdk;
  expect(Pool.__pulumiType).toBe("pulumi-nodejs:dynamic/krstorage:Pool");
  expect((new Pool("typed") as unknown as { __pulumiType: string }).__pulumiType).toBe(Pool.__pulumiType);
});

test.each([
  ["Pool", "main/ssd", "poolId"],
  ["Volume", "main/ssd/data", "volumeId"],
  ["Snapshot", "main/ssd/data@s", "snapshotId"],
] as const)("%s.get reads what exists by its id and manages nothing", async (name, id, key) => {
  const { sdk, registered } = program;
  const got = sdk[name].get(`got-${name}`, id);
  expect(await settled(got.id)).toBe(id);
  expect(registered.find((each) => each.name === `got-${name}`)?.id).toBe(id);
  expect(
    await settled(
      (got as unknown as Record<string, Parameters<typeof settled<string>>[0]>)[key] as Parameters<
        typeof settled<string>
      >[0],
    ),
  ).toBe(id);
});

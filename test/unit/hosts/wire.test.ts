import { loadHost, poolWire, volumeWire, wire, wireUnknown } from "../support/host";

beforeEach(() => {
  jest.spyOn(console, "log").mockImplementation(() => undefined);
  jest.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => jest.restoreAllMocks());

async function withVolume() {
  const { host, disk } = loadHost();
  await host.Pool.create(poolWire);
  const made = await host.Volume.create(volumeWire);
  return { host, disk, made };
}

test("an unknown comes back from check as the engine wrote it, at any depth", async () => {
  const { host } = await withVolume();
  const news = wire("Volume", "x", { size: wireUnknown, pool: wireUnknown, source: { snapshot: wireUnknown } });
  const { inputs, failures } = await host.Volume.check({}, news);
  expect(failures).toEqual([]);
  expect(inputs).toMatchObject({ size: wireUnknown, pool: wireUnknown, source: { snapshot: wireUnknown }, name: "x" });
  expect(JSON.parse(JSON.stringify(inputs))).toEqual(inputs);
});

test("an unknown in diff is a change, and replaces nothing", async () => {
  const { host, made } = await withVolume();
  const news = { ...volumeWire, pool: wireUnknown, allowDataLoss: made.outs.uid };
  expect(await host.Volume.diff(made.id, { ...made.outs }, news)).toEqual({
    changes: true,
    replaces: [],
    deleteBeforeReplace: false,
  });
});

test("the owner stays among the checked inputs, and is no property of the kind", async () => {
  const { host } = await withVolume();
  const { inputs, failures } = await host.Volume.check({}, wire("Volume", "x", { size: "1GiB", pool: "main/ssd" }));
  expect(failures).toEqual([]);
  expect(inputs).toEqual({ size: "1GiB", pool: "main/ssd", name: "x", owner: "proj/dev/Volume/x" });
});

test("a property that is null is absent", async () => {
  const { host } = await withVolume();
  const { inputs, failures } = await host.Volume.check(
    {},
    wire("Volume", "x", { size: "1GiB", pool: "main/ssd", labels: null }),
  );
  expect([failures, inputs.labels]).toEqual([[], undefined]);
});

test("failures have the path and the sentence, nothing else", async () => {
  const { host } = await withVolume();
  const { failures } = await host.Volume.check({}, { ...volumeWire, size: "20Gi" });
  expect(failures).toEqual([{ property: "size", reason: expect.stringContaining('did you mean "20GiB"?') }]);
});

test("what check passes on, create, diff, read, update and delete understand", async () => {
  const { host, disk, made } = await withVolume();
  const state = { ...made.outs, __provider: volumeWire.__provider };
  expect(await host.Volume.diff(made.id, state, volumeWire)).toMatchObject({ changes: false });
  const read = await host.Volume.read(made.id, state);
  expect(read).toEqual({
    id: made.id,
    props: made.outs,
    inputs: { size: "1GiB", pool: "main/ssd", name: "data", owner: volumeWire.owner },
  });
  const { outs } = await host.Volume.update(made.id, state, { ...volumeWire, size: "2GiB" });
  expect(outs).toMatchObject({ sizeBytes: 2 ** 31, uid: made.outs.uid });
  await host.Volume.delete(made.id, outs);
  expect(disk.pool("ssd").objects.get(made.outs.uid as string)?.phase).toBe("trashed");
});

test("what is put out is plain JSON, without undefined and without the provider's text", async () => {
  const { host, made } = await withVolume();
  const snapshot = await host.Snapshot.create(wire("Snapshot", "s", { source: "main/ssd/data", name: "s" }));
  const pool = await host.Pool.read("main/ssd", {});
  for (const outs of [made.outs, snapshot.outs, pool.props, pool.inputs]) {
    expect(outs).toStrictEqual(JSON.parse(JSON.stringify(outs)));
    expect(outs).not.toHaveProperty("__provider");
  }
});

test("what is gone reads as nothing", async () => {
  const { host } = await withVolume();
  expect(await host.Volume.read("main/ssd/none", {})).toEqual({});
});

test("the hooks of all kinds share one look", async () => {
  const { host, disk, made } = await withVolume();
  const snapshot = await host.Snapshot.create(wire("Snapshot", "s", { source: "main/ssd/data", name: "s" }));
  const before = disk.calls.list as number;
  await Promise.all([
    host.Volume.read(made.id, made.outs),
    host.Snapshot.read(snapshot.id, snapshot.outs),
    host.Volume.check(volumeWire, volumeWire),
    host.Volume.check({}, wire("Volume", "y", { size: "1GiB", pool: "main/ssd" })),
  ]);
  expect((disk.calls.list as number) - before).toBeLessThanOrEqual(1);
});

test("the plan is shared by the hooks of all kinds: a new pool and its volume in one preview", async () => {
  const { host } = loadHost();
  expect((await host.Pool.check({}, poolWire)).failures).toEqual([]);
  expect((await host.Volume.check({}, volumeWire)).failures).toEqual([]);
});

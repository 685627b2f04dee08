import { errorOf, loadHost, password, poolWire, volumeWire } from "../support/host";

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

test("what is thrown prints as one clean sentence", async () => {
  const { host, disk, made } = await withVolume();
  disk.edit("ssd", "data", { protection: true });
  const error = await errorOf(host.Volume.delete(made.id, made.outs));
  expect(error.stack).toBe(error.message);
  expect(error.message).toContain("protected");
});

test.each(["create", "read", "update", "delete", "check"] as const)(
  "no secret gets out of %s, not even where a driver throws it",
  async (hook) => {
    const { host, disk, made } = await withVolume();
    disk.before = () => {
      throw new TypeError(`401 for https://u:${password}@host with ${password}`);
    };
    const actions = {
      create: () => host.Volume.create({ ...volumeWire, name: "other" }),
      read: () => host.Volume.read("main/hdd/data", made.outs),
      update: () => host.Volume.update(made.id, made.outs, { ...volumeWire, size: "2GiB" }),
      delete: () => host.Volume.delete(made.id, made.outs),
      check: () =>
        host.Volume.check({}, { ...volumeWire, pool: "main/hdd" }).then(({ failures }) =>
          Promise.reject(new Error(failures[0]?.reason)),
        ),
    };
    const error = await errorOf(actions[hook]());
    expect(error.message).toContain("[redacted]");
    expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain(password);
  },
);

test("what the host prints holds no secret", async () => {
  const { host, disk } = await withVolume();
  const { KrStorageError } =
    require("../../../provider/model/errors") as typeof import("../../../provider/model/errors");
  disk.before = () => {
    throw new KrStorageError("UNAVAILABLE", `no answer, ${password}`);
  };
  await host.Pool.check(poolWire, poolWire);
  const printed = jest.mocked(console.error).mock.calls.join();
  expect(printed).toContain("krstorage: warning: ");
  expect(printed).not.toContain(password);
});

test("debug output is printed only where it is asked for", async () => {
  const { host } = loadHost();
  await host.Pool.create(poolWire);
  expect(jest.mocked(console.error)).not.toHaveBeenCalled();
});

test("a partial create carries what the state must remember, the provider's text included", async () => {
  const { host, disk } = loadHost();
  await host.Pool.create(poolWire);
  disk.tamper = (object) => ({ ...object, actualSizeBytes: 1 });
  const error = await errorOf(host.Volume.create(volumeWire));
  expect(error.id).toBe("main/ssd/data");
  expect(error.reasons).toEqual([error.message]);
  expect(error.stack).toBe(error.message);
  expect(error.properties).toMatchObject({ ...volumeWire, uid: disk.live("ssd", "data").record.uid });
  expect(error.properties).toStrictEqual(JSON.parse(JSON.stringify(error.properties)));
});

test("any other failure carries no id, so that the engine does not take it for made", async () => {
  const { host } = loadHost();
  const error = await errorOf(host.Volume.create(volumeWire));
  expect([error.id, error.properties]).toEqual([undefined, undefined]);
});

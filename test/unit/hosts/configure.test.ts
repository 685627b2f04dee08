import { configuration, configure, errorOf, loadHost, password, poolWire, volumeWire } from "../support/host";

function loadUnconfigured(): typeof import("../../../provider/hosts/dynamic") {
  jest.resetModules();
  return require("../../../provider/hosts/dynamic") as typeof import("../../../provider/hosts/dynamic");
}

test("configure is synchronous and gives nothing back", () => {
  const { host } = loadHost();
  expect(configure(host.Pool, configuration)).toBeUndefined();
});

test("configure reads only our own keys", () => {
  const host = loadUnconfigured();
  const asked: string[] = [];
  host.Volume.configure({
    config: {
      get: (key) => {
        asked.push(key);
        return undefined;
      },
    },
  });
  expect(asked.sort()).toEqual([
    "krstorage:backends",
    "krstorage:defaultClass",
    "krstorage:defaultPool",
    "krstorage:stackId",
  ]);
});

test("a hook that is called before configure says so", async () => {
  const { failures } = await loadUnconfigured().Volume.check({}, volumeWire);
  expect(failures).toEqual([{ property: "", reason: expect.stringContaining("was not configured") }]);
});

test("configuring again changes nothing", async () => {
  const { host, disk } = loadHost();
  for (const hooks of [host.Pool, host.Volume]) configure(hooks as typeof host.Volume, { "krstorage:backends": "{}" });
  await host.Pool.create(poolWire);
  expect(disk.pools.has("ssd")).toBe(true);
});

const broken: [string, Record<string, string>, string][] = [
  ["text that is no JSON", { "krstorage:backends": `{"main": {"password": "${password}"` }, "pulumi config set --path"],
  ["a list", { "krstorage:backends": "[]" }, "krstorage:backends: expected names of backends"],
  [
    "an unknown type",
    { "krstorage:backends": '{"main":{"type":"floppy"}}' },
    'krstorage:backends.main.type: there is no driver "floppy"',
  ],
  ["an unknown option", { "krstorage:backends": '{"main":{"type":"fake","pth":"/x"}}' }, 'unknown "pth"'],
  [
    "a secret that is too short",
    { "krstorage:backends": '{"main":{"type":"fake","password":"hunt3r"}}' },
    "krstorage:backends.main.password",
  ],
];

test.each(broken)(
  "configuration with %s is a check failure, not a crash, and quotes no secret",
  async (_what, config, sentence) => {
    const { host } = loadHost(config);
    const { failures } = await host.Volume.check({}, volumeWire);
    expect(failures).toEqual([{ property: "", reason: expect.stringContaining(sentence) }]);
    expect(JSON.stringify(failures)).not.toMatch(/hunt/);
  },
);

test.each(broken)(
  "with %s every other hook throws the same clean sentence, and diff goes through",
  async (_what, config, sentence) => {
    const { host } = loadHost(config);
    const state = { uid: "a".repeat(32), claim: "c", poolIdentity: "i" };
    const actions = [
      host.Volume.create(volumeWire),
      host.Volume.read("main/ssd/data", state),
      host.Volume.update("main/ssd/data", state, volumeWire),
      host.Volume.delete("main/ssd/data", state),
    ];
    for (const action of actions) {
      const error = await errorOf(action);
      expect(error.message).toContain(sentence);
      expect(error.stack).toBe(error.message);
      expect(error.cause).toBeUndefined();
    }
    await expect(host.Volume.diff("main/ssd/data", state, volumeWire)).resolves.toMatchObject({ changes: true });
  },
);

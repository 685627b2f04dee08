import { kinds } from "../../../provider/model/kinds";
import { type Registered, settled, startProgram } from "../support/program";

type Program = Awaited<ReturnType<typeof startProgram>>;
let program: Program;
beforeAll(async () => {
  program = await startProgram("update");
});

async function register(): Promise<{ resources: Record<keyof typeof kinds, object>; registered: Registered[] }> {
  const { sdk, registered } = program;
  registered.length = 0;
  const pool = new sdk.Pool("ssd", { backend: "main" });
  const volume = new sdk.Volume("data", { size: "1GiB", pool });
  const volumeClass = new sdk.VolumeClass("gold", { pools: [pool] });
  const share = new sdk.Share("home", { size: "1GiB", volumeClass });
  const snapshot = new sdk.Snapshot("before", { source: volume });
  const snapshotPolicy = new sdk.SnapshotPolicy("nightly", {
    schedule: "@daily",
    retention: { keepDaily: 7 },
    targets: [volume, share],
  });
  const resources = { pool, volumeClass, volume, share, snapshot, snapshotPolicy };
  await Promise.all(Object.values(resources).map((resource) => settled(resource.urn)));
  return { resources, registered };
}

test("the type tokens are those of the dynamic provider", async () => {
  const { registered } = await register();
  expect(registered.map(({ type }) => type).sort()).toEqual(
    Object.values(kinds)
      .map((kind) => `pulumi-nodejs:dynamic/krstorage:${kind.name}`)
      .sort(),
  );
});

test("the code that the engine keeps is constant text of at most 100 bytes", async () => {
  for (const { inputs, type } of (await register()).registered) {
    expect(inputs.__provider).toBe(`exports.handler=()=>require("krstorage/dynamic").${type.split(":").pop()}`);
    expect(Buffer.byteLength(inputs.__provider as string)).toBeLessThanOrEqual(100);
  }
});

test("the text names what the host exports", async () => {
  const host = require("../../../provider/hosts/dynamic") as Record<string, unknown>;
  for (const { inputs } of (await register()).registered)
    expect(host).toHaveProperty((inputs.__provider as string).split(").")[1] as string);
});

test("what was not given is not sent", async () => {
  const { registered } = await register();
  expect(Object.keys(registered[0]?.inputs ?? {}).sort()).toEqual(["__provider", "backend", "owner"]);
});

test.each(Object.entries(kinds))("every input and output of a %s is readable on the instance", async (word, kind) => {
  const { resources } = await register();
  const instance = resources[word as keyof typeof kinds] as unknown as Record<string, Parameters<typeof settled>[0]>;
  for (const key of [...Object.keys(kind.inputs), ...Object.keys(kind.outputs)]) {
    expect(instance).toHaveProperty(key);
    await settled(instance[key] as Parameters<typeof settled>[0]);
  }
});

test("an argument that is not of the kind is sent, so that check can say what was meant", async () => {
  const { sdk, registered } = program;
  const args = { size: "1GiB", pool: "main/ssd", sise: "2GiB" };
  await settled(new sdk.Volume("typo", args).urn);
  expect(registered.at(-1)?.inputs).toMatchObject({ sise: "2GiB" });
});

test("a part of a source that is none is sent as well", async () => {
  const { sdk, registered } = program;
  const source = { snapshot: "main/ssd/a@b", snapshto: "x" };
  await settled(new sdk.Volume("typo2", { size: "1GiB", pool: "main/ssd", source }).urn);
  expect(registered.at(-1)?.inputs.source).toEqual(source);
});

test.each([
  ["Volume", {}, "size"],
  ["Snapshot", {}, "source"],
  ["Volume", undefined, "size"],
  ["Snapshot", undefined, "source"],
] as const)("a %s of %j throws at once, naming %s", (name, args, missing) => {
  const create = program.sdk[name] as unknown as new (name: string, args: unknown) => object;
  expect(() => new create("x", args)).toThrow(`Missing required property '${missing}' of ${name} "x"`);
});

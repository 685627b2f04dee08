import { status } from "@grpc/grpc-js";
import { InvokeRequest, type InvokeResponse, ListRequest, type ListResponse } from "@pulumi/pulumi/proto/provider_pb";
import { signatureKey, signatures } from "../../../../provider/hosts/plugin/signatures";
import { encode } from "../../../../provider/hosts/plugin/wire";
import type { Properties } from "../../../../provider/lifecycle/lifecycle";
import { unknownValue } from "../../../../provider/lifecycle/unknown";
import { failureOf, PluginClient } from "../../support/pluginClient";

let plugin: PluginClient;
beforeAll(async () => {
  plugin = await new PluginClient().start();
  await plugin.create("Pool", "ssd", { backend: "main", name: "ssd", labels: { rack: "b2" } });
  for (const name of ["b", "a"])
    await plugin.create("Volume", name, { size: "1GiB", pool: "main/ssd", name, labels: { app: name, all: "yes" } });
  await plugin.create("Snapshot", "s", { source: "main/ssd/a", name: "s" });
});
afterAll(() => plugin.stop());

async function invoke(name: string, args: Properties): Promise<{ result: unknown; failures: string[][] }> {
  const request = new InvokeRequest().setTok(`krstorage:index:${name}`).setArgs(encode(args));
  const response = await plugin.call<InvokeRequest, InvokeResponse>("invoke", request);
  const failures = response.getFailuresList().map((failure) => [failure.getProperty(), failure.getReason()]);
  return { result: response.getReturn()?.toJavaScript(), failures };
}

test("getPool, getCapacity and getVolume tell what is there", async () => {
  const pool = (await invoke("getPool", { id: "main/ssd" })).result;
  const capacity = (await invoke("getCapacity", { pool: "main/ssd" })).result as object;
  expect(pool).toMatchObject({ driver: plugin.backends.main?.type, labels: { rack: "b2" }, ...capacity });
  expect(capacity).toMatchObject({ provisionedBytes: expect.any(Number), availableBytes: expect.any(Number) });
  expect((await invoke("getVolume", { id: "main/ssd/a" })).result).toMatchObject({
    sizeBytes: 2 ** 30,
    status: "ready",
    declaredBy: "proj/dev/Volume/a",
    labels: { app: "a", all: "yes" },
  });
});

test("getKey answers a secret, and nothing where a volume is opened without one", async () => {
  const { uid } = (await invoke("getVolume", { id: "main/ssd/a" })).result as { uid: string };
  plugin.disk.keys.set(uid, "a key of the test");
  expect((await invoke("getKey", { id: "main/ssd/a" })).result).toEqual({
    key: { [signatureKey]: signatures.secret, value: "a key of the test" },
  });
  expect((await invoke("getKey", { id: "main/ssd/b" })).result).toEqual({});
});

test.each([
  [{}, ["main/ssd/a", "main/ssd/b"]],
  [{ labels: { app: "b" } }, ["main/ssd/b"]],
  [{ labels: { all: "yes", app: "a" } }, ["main/ssd/a"]],
  [{ labels: { none: "x" } }, []],
])("listVolumes with %j", async (args, ids) => {
  const { result } = await invoke("listVolumes", { pool: "main/ssd", ...args });
  expect((result as { volumes: { id: string }[] }).volumes.map(({ id }) => id)).toEqual(ids);
});

test("planRetention says what is kept and removed, and why", async () => {
  const snapshots = ["2026-11-19", "2026-11-20", "2026-11-21"].map((day) => ({ id: day, time: `${day}T00:00:00Z` }));
  const { result } = await invoke("planRetention", { snapshots, retention: { keepLast: 2 } });
  expect(result).toMatchObject({
    keep: [{ id: "2026-11-21" }, { id: "2026-11-20" }],
    remove: [{ id: "2026-11-19", reason: expect.any(String) }],
  });
});

test.each([
  ["getPool", {}, [["id", 'missing required property "id"']]],
  ["getPool", { id: "ssd" }, [["id", expect.stringContaining("is not a pool id")]]],
  ["getVolume", { id: "main/ssd/a", pol: "x" }, [["pol", expect.stringContaining("getVolume has no property")]]],
  ["getVolume", { id: unknownValue }, [["id", "is not known yet"]]],
  [
    "planRetention",
    { snapshots: [{ id: "x", time: "noon" }], retention: { keepLast: 1 } },
    [["snapshots[0].time", expect.stringContaining("expected an instant")]],
  ],
  ["planRetention", { snapshots: [], retention: {} }, [["retention", expect.stringContaining("keeps nothing")]]],
])("%s of %j fails at the property", async (name, args, failures) => {
  expect((await invoke(name, args as Properties)).failures).toEqual(failures);
});

test("what is not there, or no function, is an error that says so", async () => {
  expect((await failureOf(invoke("getVolume", { id: "main/ssd/none" }))).code).toBe(status.NOT_FOUND);
  expect((await failureOf(invoke("getPools", {}))).details).toMatch(
    /has no function .*functions are krstorage:index:getPool,/,
  );
});

test.each([
  ["Pool", 0, ["main/ssd"]],
  ["Volume", 0, ["main/ssd/a", "main/ssd/b"]],
  ["Volume", 1, 1],
  ["Snapshot", 0, ["main/ssd/a@s"]],
  ["VolumeClass", 0, []],
] as const)("list tells every %s there is, at most %d", async (kind, limit, expected) => {
  const request = new ListRequest().setToken(`krstorage:index:${kind}`).setLimit(limit);
  const ids = await new Promise<string[]>((resolve, reject) => {
    const found: string[] = [];
    const stream = plugin.client.list(request);
    stream.on("data", (response: ListResponse) => found.push(response.getResult()?.getId() ?? ""));
    stream.on("error", reject);
    stream.on("end", () => resolve(found.sort()));
  });
  expect(typeof expected === "number" ? ids.length : ids).toEqual(expected);
});

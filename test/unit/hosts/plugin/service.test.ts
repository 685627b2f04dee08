import { status } from "@grpc/grpc-js";
import { DiffResponse, GetSchemaRequest, PropertyDiff } from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { signatureKey, signatures, unknownText } from "../../../../provider/hosts/plugin/signatures";
import { decode } from "../../../../provider/hosts/plugin/wire";
import { unknownValue } from "../../../../provider/lifecycle/unknown";
import { KrStorageError } from "../../../../provider/model/errors";
import { detailsOf, failureOf, PluginClient, password, urn } from "../../support/pluginClient";

const secret = (value: unknown) => ({ [signatureKey]: signatures.secret, value });
const plain = (struct: Struct | undefined) => struct?.toJavaScript() as Record<string, unknown>;
const poolInputs = { backend: "main", name: "ssd" };
const volumeInputs = { size: "1GiB", pool: "main/ssd", name: "data" };

let plugin: PluginClient;
beforeEach(async () => {
  plugin = await new PluginClient().start();
});
afterEach(() => plugin.stop());

async function withVolume(): Promise<{ id: string; state: Record<string, unknown> }> {
  await plugin.create("Pool", "ssd", poolInputs);
  const made = await plugin.create("Volume", "data", volumeInputs);
  return { id: made.getId(), state: plain(made.getProperties()) };
}

test("check fills in the name and notes the owner; failures carry the path", async () => {
  await plugin.create("Pool", "ssd", poolInputs);
  const checked = await plugin.check("Volume", "data", { size: "1GiB", pool: "main/ssd" });
  expect(checked.getFailuresList()).toEqual([]);
  expect(plain(checked.getInputs())).toEqual({ ...volumeInputs, owner: "proj/dev/Volume/data" });
  const refused = await plugin.check("Volume", "x", { size: "20Gi", pool: "main/ssd", sise: "1GiB" });
  expect(refused.getFailuresList().map((each) => [each.getProperty(), each.getReason()])).toEqual([
    ["sise", expect.stringContaining('did you mean "size"?')],
    ["size", expect.stringContaining('did you mean "20GiB"?')],
  ]);
});

test("an owner that the program declares is no property", async () => {
  const checked = await plugin.check("Volume", "x", { size: "1GiB", pool: "main/ssd", owner: "someone" });
  expect(checked.getFailuresList().map((each) => each.getProperty())).toEqual(["owner"]);
});

test("unknowns and secrets come back from check as they were", async () => {
  const news = Struct.fromJavaScript({
    size: secret("1GiB"),
    pool: unknownText,
    labels: { a: secret(unknownText) },
  } as never);
  const checked = await plugin.check("Volume", "x", news);
  expect(checked.getFailuresList()).toEqual([]);
  expect(plain(checked.getInputs())).toMatchObject({
    size: secret("1GiB"),
    pool: unknownText,
    labels: { a: secret(unknownText) },
  });
});

test("a preview of a create tells what is certain, leaves the rest unknown, and asks nothing of the backend", async () => {
  const calls = JSON.stringify(plugin.disk.calls);
  const preview = await plugin.create("Volume", "data", volumeInputs, true);
  expect(preview.getId()).toBe("main/ssd/data");
  expect(decode(preview.getProperties()).properties).toMatchObject({
    ...volumeInputs,
    sizeBytes: 2 ** 30,
    status: "ready",
    uid: unknownValue,
    connection: unknownValue,
    actualSizeBytes: unknownValue,
  });
  expect(JSON.stringify(plugin.disk.calls)).toBe(calls);
});

test("a preview of a create whose place is not known has no id", async () => {
  const preview = await plugin.create(
    "Volume",
    "data",
    Struct.fromJavaScript({ ...volumeInputs, pool: unknownText }),
    true,
  );
  expect(preview.getId()).toBe("");
});

test("a preview of a pool knows its driver", async () => {
  const { properties } = decode((await plugin.create("Pool", "ssd", poolInputs, true)).getProperties());
  expect(properties).toMatchObject({ driver: plugin.backends.main?.type, status: "ready", identity: unknownValue });
});

test("a preview of an update keeps what stays, and does not know what the backend will make of a size", async () => {
  const { id, state } = await withVolume();
  const calls = JSON.stringify(plugin.disk.calls);
  const preview = await plugin.update("Volume", "data", id, state, { ...volumeInputs, size: "2GiB" }, true);
  expect(decode(preview.getProperties()).properties).toEqual({
    ...state,
    size: "2GiB",
    sizeBytes: 2 ** 31,
    actualSizeBytes: unknownValue,
  });
  expect(JSON.stringify(plugin.disk.calls)).toBe(calls);
});

test("what is put out of a secret input is a secret again", async () => {
  await plugin.create("Pool", "ssd", poolInputs);
  const inputs = Struct.fromJavaScript({ ...volumeInputs, labels: secret({ a: "b" }) } as never);
  const made = await plugin.create("Volume", "data", inputs);
  expect(plain(made.getProperties()).labels).toEqual(secret({ a: "b" }));
  const read = await plugin.read("Volume", "data", made.getId(), made.getProperties(), inputs);
  expect(plain(read.getProperties()).labels).toEqual(secret({ a: "b" }));
  expect(plain(read.getInputs()).labels).toEqual(secret({ a: "b" }));
});

describe("diff", () => {
  const { Kind } = PropertyDiff;
  const details = (response: DiffResponse) => {
    const kinds: Record<string, unknown> = {};
    response.getDetaileddiffMap().forEach((each, path) => {
      kinds[path] = each.getKind();
    });
    return kinds;
  };

  test("of equal inputs is none", async () => {
    const { id, state } = await withVolume();
    const response = await plugin.diff("Volume", "data", id, state, { ...volumeInputs, owner: "proj/dev/Volume/data" });
    expect(response.getChanges()).toBe(DiffResponse.DiffChanges.DIFF_NONE);
    expect(details(response)).toEqual({});
  });

  test("goes down to the property, and tells update from replace", async () => {
    const { id, state } = await withVolume();
    const before = { ...state, labels: { kept: "1", changed: "1", gone: "1" } };
    const labels = { kept: "1", changed: "2", "new.key": "1" };
    const changed = await plugin.diff("Volume", "data", id, before, { ...volumeInputs, size: "2GiB", labels });
    expect(details(changed)).toEqual({
      size: Kind.UPDATE,
      "labels.changed": Kind.UPDATE,
      "labels.gone": Kind.DELETE,
      'labels["new.key"]': Kind.ADD,
    });
    expect(changed.getReplacesList()).toEqual([]);
    const allowed = { ...volumeInputs, name: "other", allowDataLoss: state.uid };
    const replaced = await plugin.diff("Volume", "data", id, state, allowed);
    expect(details(replaced)).toEqual({ name: Kind.UPDATE_REPLACE });
    expect([replaced.getReplacesList(), replaced.getDeletebeforereplace()]).toEqual([["name"], false]);
  });

  test("of an unknown is a change, and never a replace", async () => {
    const { id, state } = await withVolume();
    const response = await plugin.diff("Volume", "data", id, state, {
      ...volumeInputs,
      pool: unknownValue,
      allowDataLoss: state.uid,
    });
    expect(details(response)).toEqual({ pool: Kind.UPDATE });
  });
});

test("an import takes an object as it is: no difference, also later, until the program changes it; then its owner is noted too", async () => {
  const { id } = await withVolume();
  plugin.disk.edit("ssd", "data", { owner: "library/Volume/data" });
  const read = await plugin.read("Volume", "imported", id);
  const state = plain(read.getProperties());
  const inputs = plain(read.getInputs());
  expect(inputs).toMatchObject({ ...volumeInputs, owner: "library/Volume/data" });
  const checked = plain((await plugin.check("Volume", "imported", inputs, inputs)).getInputs());
  const during = await plugin.diff("Volume", "imported", id, state, checked, inputs);
  expect(during.getChanges()).toBe(DiffResponse.DiffChanges.DIFF_NONE);
  // A refresh and another run, which is another process
  const refreshed = await plugin.read("Volume", "imported", id, state, checked);
  expect(plain(refreshed.getInputs())).toEqual(checked);
  const same = plain((await plugin.check("Volume", "imported", volumeInputs, checked)).getInputs());
  expect(same).toEqual(checked);
  const later = await plugin.diff("Volume", "imported", id, state, same, checked);
  expect(later.getChanges()).toBe(DiffResponse.DiffChanges.DIFF_NONE);

  const changed = { ...volumeInputs, labels: { tier: "gold" } };
  const next = await plugin.check("Volume", "imported", changed, checked);
  expect(next.getFailuresList()).toEqual([]);
  const news = plain(next.getInputs());
  const after = await plugin.diff("Volume", "imported", id, state, news, checked);
  expect(after.getDiffsList()).toEqual(["labels", "owner"]);
  const updated = await plugin.update("Volume", "imported", id, state, news);
  expect(plain(updated.getProperties()).owner).toBe("proj/dev/Volume/imported");
  expect(plugin.disk.live("ssd", "data").record.owner).toBe("proj/dev/Volume/imported");
  const settled = plain((await plugin.check("Volume", "imported", changed, news)).getInputs());
  expect(settled).toEqual({ ...changed, name: "data", owner: "proj/dev/Volume/imported" });
});

test("what is gone reads as nothing", async () => {
  await plugin.create("Pool", "ssd", poolInputs);
  const read = await plugin.read("Volume", "none", "main/ssd/none");
  expect([read.getId(), read.getProperties()]).toEqual(["", undefined]);
});

test("a partial create tells the engine what to remember", async () => {
  await plugin.create("Pool", "ssd", poolInputs);
  plugin.disk.tamper = (object) => ({ ...object, actualSizeBytes: 1 });
  const error = await failureOf(plugin.create("Volume", "data", volumeInputs));
  const { failed } = detailsOf(error);
  expect(failed?.getId()).toBe("main/ssd/data");
  expect(failed?.getReasonsList()).toEqual([error.details]);
  expect(plain(failed?.getProperties())).toMatchObject({
    ...volumeInputs,
    uid: plugin.disk.live("ssd", "data").record.uid,
  });
  expect(plain(failed?.getInputs())).toEqual(volumeInputs);
});

test.each([
  ["CONFLICT", status.ABORTED],
  ["IN_USE", status.FAILED_PRECONDITION],
  ["UNAVAILABLE", status.UNAVAILABLE],
  ["TIMEOUT", status.DEADLINE_EXCEEDED],
] as const)("%s is the gRPC code %d, with one clean sentence", async (code, expected) => {
  const { id, state } = await withVolume();
  plugin.disk.before = () => {
    throw new KrStorageError(code, `no, says ${password}`);
  };
  const error = await failureOf(plugin.delete("Volume", "data", id, state));
  expect([error.code, error.details]).toEqual([expected, expect.stringMatching(/^no, says \[redacted\]$/)]);
});

test("what is logged is shown at the resource, and holds no secret", async () => {
  plugin.disk.before = () => {
    throw new KrStorageError("UNAVAILABLE", `no answer, ${password}`);
  };
  await plugin.check("Pool", "ssd", poolInputs, poolInputs);
  expect(plugin.logged.map(({ urn: about, message }) => [about, message])).toEqual([
    [urn("Pool", "ssd"), expect.stringMatching(/could not be looked at.*\[redacted\]/)],
  ]);
});

test("cancel ends what is under way at once, and everything after it", async () => {
  const { id, state } = await withVolume();
  plugin.session.current().storage.forgetLook({ backend: "main", pool: "ssd" });
  let goOn: () => void = () => undefined;
  const isListing = new Promise<void>((reached) => {
    plugin.disk.before = (method) => {
      if (method !== "list") return undefined;
      reached();
      return new Promise<void>((resolve) => {
        goOn = resolve;
      });
    };
  });
  const reading = failureOf(plugin.read("Volume", "data", id, state));
  await isListing;
  await plugin.call("cancel", new Empty());
  expect((await reading).code).toBe(status.CANCELLED);
  goOn();
  const later = await failureOf(plugin.create("Volume", "other", { ...volumeInputs, name: "other" }));
  expect([later.code, later.details]).toEqual([status.CANCELLED, expect.stringContaining("the engine has cancelled")]);
  expect(plugin.disk.pool("ssd").objects.size).toBe(1);
});

test("the schema is served in the one format there is", async () => {
  const { version } = require("../../../../../package.json") as { version: string };
  const response = await plugin.call<GetSchemaRequest, { getSchema(): string }>("getSchema", new GetSchemaRequest());
  expect(JSON.parse(response.getSchema())).toMatchObject({ name: "krstorage", version });
  const error = await failureOf(plugin.call("getSchema", new GetSchemaRequest().setVersion(7)));
  expect(error.details).toMatch(/no schema in format 7/);
});

import { status } from "@grpc/grpc-js";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import fc from "fast-check";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { encode } from "../../../../provider/hosts/plugin/wire";
import { lifecycles } from "../../../../provider/lifecycle";
import { failureOf, PluginClient, urn } from "../../support/pluginClient";

/** How deep inputs are nested; more than that is refused by whoever reads the message. */
const deep = 500;
const methods = ["check", "diff", "create", "read", "update", "delete", "invoke", "checkConfig", "diffConfig"] as const;

let plugin: PluginClient;
const start = async (options = {}) => {
  plugin = await new PluginClient().start(options);
};
afterEach(() => plugin.stop());

/** The process is alive and answers. */
async function expectAlive(): Promise<void> {
  await expect(plugin.call("getPluginInfo", new Empty())).resolves.toBeDefined();
}

/** A request of a method, filled with what is given as far as it has such fields. */
function request(method: string, fields: { urn: string; id: string; type: string; struct: Struct }): unknown {
  const { struct } = fields;
  switch (method) {
    case "check":
    case "checkConfig":
      return new proto.CheckRequest().setUrn(fields.urn).setType(fields.type).setOlds(struct).setNews(struct);
    case "diff":
    case "diffConfig":
      return new proto.DiffRequest()
        .setUrn(fields.urn)
        .setId(fields.id)
        .setType(fields.type)
        .setOlds(struct)
        .setNews(struct);
    case "create":
      return new proto.CreateRequest().setUrn(fields.urn).setType(fields.type).setProperties(struct);
    case "read":
      return new proto.ReadRequest().setUrn(fields.urn).setId(fields.id).setType(fields.type).setProperties(struct);
    case "update":
      return new proto.UpdateRequest()
        .setUrn(fields.urn)
        .setId(fields.id)
        .setType(fields.type)
        .setOlds(struct)
        .setNews(struct);
    case "delete":
      return new proto.DeleteRequest().setUrn(fields.urn).setId(fields.id).setType(fields.type).setProperties(struct);
    default:
      return new proto.InvokeRequest().setTok(fields.type).setArgs(struct);
  }
}

/** What a call came to: "answered", or the gRPC code and message of its error. */
async function outcome(method: string, message: unknown): Promise<string> {
  try {
    await plugin.call(method, message);
    return "answered";
  } catch (error) {
    const { code, details } = error as { code: status; details: string };
    return `${status[code]} ${details}`;
  }
}

test.each(methods.filter((method) => !method.endsWith("Config") && method !== "diff"))(
  "%s before configure is refused, and says so",
  async (method) => {
    await start({ configure: false });
    const fields = { urn: urn("Volume", "x"), id: "main/ssd/x", type: "krstorage:index:Volume", struct: encode({}) };
    const message =
      method === "invoke" ? new proto.InvokeRequest().setTok("krstorage:index:getPool") : request(method, fields);
    expect(await outcome(method, message)).toMatch(/^FAILED_PRECONDITION the provider was not configured/);
    await expectAlive();
  },
);

test.each(methods)(
  "%s of an unknown type, URN, id or shape gets an answer or an error, and none that is a mistake of ours",
  async (method) => {
    await start();
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.constantFrom("", "::", "urn:pulumi:", "../..", "a".repeat(5000)),
    );
    const types = Object.values(lifecycles).map(({ kind }) => `krstorage:index:${kind.name}`);
    const names = Object.values(lifecycles).flatMap(({ kind }) => [
      ...Object.keys(kind.inputs),
      ...Object.keys(kind.outputs),
    ]);
    const properties = fc.dictionary(fc.oneof(text, fc.constantFrom(...names)), fc.jsonValue());
    const fields = fc.record({
      urn: fc.oneof(text, fc.constantFrom(...types.map((type) => `urn:pulumi:dev::proj::${type}::x`))),
      id: fc.oneof(text, fc.constantFrom("main/ssd", "main/ssd/x", "main/ssd/x@y", "class/x", "policy/x")),
      type: fc.oneof(text, fc.constantFrom(...types, "krstorage:index:getPool", "krstorage:index:listVolumes")),
      struct: properties.map((each) => encode(each)),
    });
    await fc.assert(
      fc.asyncProperty(fields, async (each) => {
        expect(await outcome(method, request(method, each))).not.toMatch(
          /a mistake in KRStorage|DEADLINE_EXCEEDED|UNAVAILABLE Conn/,
        );
      }),
      { numRuns: 60 },
    );
    await expectAlive();
  },
  60_000,
);

test("big and deeply nested inputs get an answer", async () => {
  await start();
  let nested: unknown = "core";
  for (let depth = 0; depth < deep; depth += 1) nested = depth % 2 === 0 ? [nested] : { inner: nested };
  const struct = (value: unknown) => Struct.fromJavaScript({ size: "1GiB", pool: "main/ssd", labels: value } as never);
  for (const value of [
    nested,
    "x".repeat(8 * 2 ** 20),
    Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`k${n}`, "v"])),
  ]) {
    const checked = await plugin.check("Volume", "x", struct(value));
    const paths = checked.getFailuresList().map((failure) => failure.getProperty() || failure.getReason());
    expect(paths.map((path) => path.split(/[.[:]/)[0])).toContain("labels");
  }
  await expectAlive();
}, 60_000);

test("bytes that are no message get an error", async () => {
  await start();
  const { client } = plugin;
  const raw = (path: string, bytes: Buffer) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        `/pulumirpc.ResourceProvider/${path}`,
        (value: Buffer) => value,
        (value: Buffer) => value,
        bytes,
        (error, response) => (error ? reject(error) : resolve(response)),
      );
    });
  for (const bytes of [Buffer.from([0xff, 0xff, 0xff]), Buffer.from("not protobuf at all"), Buffer.alloc(1000, 0x0a)])
    for (const path of ["Check", "Create", "Configure", "Handshake"])
      expect((await failureOf(raw(path, bytes))).code).toBe(status.INTERNAL);
  expect((await failureOf(raw("NoSuchCall", Buffer.alloc(0)))).code).toBe(status.UNIMPLEMENTED);
  await expectAlive();
});

test.each(["call", "construct", "parameterize"])("%s is not implemented, and says so", async (method) => {
  await start();
  const messages = {
    call: new proto.CallRequest(),
    construct: new proto.ConstructRequest(),
    parameterize: new proto.ParameterizeRequest(),
  };
  const error = await failureOf(plugin.call(method, messages[method as keyof typeof messages]));
  expect([error.code, error.details]).toEqual([status.UNIMPLEMENTED, expect.stringMatching(/^krstorage /)]);
});

test("a hundred calls at once, of all kinds and out of order, each get an answer or an error", async () => {
  await start();
  const struct = encode({ size: "1GiB", pool: "main/ssd", name: "x", uid: "u", claim: "c", poolIdentity: "p" });
  const fields = { urn: urn("Volume", "x"), id: "main/ssd/x", type: "", struct };
  const calls = Array.from({ length: 100 }, (_, n) => methods[n % methods.length] as string);
  const outcomes = await Promise.all(calls.map((method) => outcome(method, request(method, fields))));
  expect(outcomes.filter((each) => /a mistake in KRStorage|DEADLINE/.test(each))).toEqual([]);
  await expectAlive();
}, 60_000);

import { status } from "@grpc/grpc-js";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { signatureKey, signatures, unknownText } from "../../../../provider/hosts/plugin/signatures";
import { failureOf, PluginClient, password } from "../../support/pluginClient";

const secret = (value: unknown) => ({ [signatureKey]: signatures.secret, value });
const wire = (properties: unknown) => Struct.fromJavaScript(properties as never);

let plugin: PluginClient;
beforeEach(async () => {
  plugin = await new PluginClient().start({ configure: false });
});
afterEach(() => plugin.stop());

function checkConfig(news: unknown): Promise<proto.CheckResponse> {
  return plugin.call("checkConfig", new proto.CheckRequest().setNews(wire(news)));
}
function diffConfig(olds: unknown, news: unknown): Promise<proto.DiffResponse> {
  return plugin.call("diffConfig", new proto.DiffRequest().setOlds(wire(olds)).setNews(wire(news)));
}
const failuresOf = (response: proto.CheckResponse) =>
  response.getFailuresList().map((failure) => [failure.getProperty(), failure.getReason()]);

describe("checkConfig", () => {
  test.each(["an object", "JSON, as configuration is text", "JSON with a secret inside"])(
    "takes backends as %s",
    async (how) => {
      const { backends } = plugin;
      const marked = { main: { ...backends.main, password: secret(password) } };
      const given = how === "an object" ? backends : JSON.stringify(how.includes("secret") ? marked : backends);
      const response = await checkConfig({ backends: given, version: "0.1.0", stackId: "s" });
      expect(failuresOf(response)).toEqual([]);
      // Kept as it came, and always as a secret: the engine stores a provider's inputs
      expect(response.getInputs()?.toJavaScript()).toMatchObject({
        backends: secret(given),
        version: "0.1.0",
        stackId: "s",
      });
    },
  );

  test("says what is not right, each with its path", async () => {
    const response = await checkConfig({
      backends: { main: { type: "nothing" }, other: { ...plugin.backends.main, pth: "/x" } },
      defaultPol: "main/ssd",
      defaultPool: "ssd",
      defaultClass: { pools: [] },
      stackId: 7,
    });
    expect(failuresOf(response)).toEqual([
      ["defaultPol", expect.stringContaining('did you mean "defaultPool"?')],
      ["stackId", "expected a text"],
      ["defaultPool", expect.stringContaining('"ssd" is not a pool id')],
      ["", "defaultClass.pools: name at least one pool"],
      ["", expect.stringContaining('backends.main.type: there is no driver "nothing"')],
      ["", expect.stringContaining('backends.other: unknown "pth"; did you mean "path"?')],
    ]);
  });

  test("names no property whose value the engine would print, and quotes no secret", async () => {
    for (const backends of [`{"main": {"password": "${password}"`, `["${password}"]`, JSON.stringify(password)]) {
      const failures = failuresOf(await checkConfig({ backends }));
      expect(failures).toEqual([["", expect.stringMatching(/^backends: /)]]);
      expect(JSON.stringify(failures)).not.toContain(password);
    }
  });

  test("leaves alone what is not known yet", async () => {
    const response = await checkConfig({ backends: unknownText, defaultPool: unknownText, stackId: unknownText });
    expect(failuresOf(response)).toEqual([]);
  });
});

describe("diffConfig", () => {
  const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
  test.each([
    [
      "the same, as an object and as JSON",
      { backends: { a: { type: "x" } } },
      { backends: '{"a":{"type":"x"}}' },
      DIFF_NONE,
    ],
    [
      "the same, one of them secret",
      { backends: { a: { type: "x" } } },
      { backends: secret({ a: { type: "x" } }) },
      DIFF_NONE,
    ],
    [
      "another version of the plugin",
      { stackId: "s", version: "1.0.0" },
      { stackId: "s", version: "2.0.0" },
      DIFF_NONE,
    ],
    [
      "another option",
      { backends: { a: { type: "x" } } },
      { backends: { a: { type: "x", readOnly: true } } },
      DIFF_SOME,
    ],
    ["unknown", { backends: { a: { type: "x" } } }, { backends: unknownText }, DIFF_SOME],
  ])("%s: never a replace", async (_what, olds, news, changes) => {
    const response = await diffConfig(olds, news);
    expect([response.getChanges(), response.getReplacesList()]).toEqual([changes, []]);
  });
});

describe("configure", () => {
  test.each([
    ["arguments", () => new proto.ConfigureRequest().setArgs(wire({ backends: JSON.stringify(plugin.backends) }))],
    [
      "variables, as old engines send",
      () => {
        const request = new proto.ConfigureRequest();
        request.getVariablesMap().set("krstorage:config:backends", JSON.stringify(plugin.backends));
        return request;
      },
    ],
  ])("takes %s, and asks nothing of a backend", async (_how, request) => {
    const response = await plugin.call<proto.ConfigureRequest, proto.ConfigureResponse>("configure", request());
    expect(response.toObject()).toEqual({
      acceptsecrets: true,
      supportspreview: true,
      acceptresources: true,
      acceptoutputs: true,
      supportsAutonamingConfiguration: true,
    });
    expect(plugin.disk.calls).toEqual({});
    expect((await plugin.create("Pool", "ssd", { backend: "main", name: "ssd" })).getId()).toBe("main/ssd");
  });

  test("refuses what is wrong, and the next calls say that nothing is configured", async () => {
    const error = await failureOf(plugin.configure({ backends: { main: { type: "nothing" } } }));
    expect([error.code, error.details]).toEqual([
      status.INVALID_ARGUMENT,
      expect.stringContaining("backends.main.type"),
    ]);
    expect((await failureOf(plugin.read("Pool", "ssd", "main/ssd"))).details).toMatch(/was not configured/);
  });

  test("again is another configuration, as when one process serves a debugger's engines", async () => {
    await plugin.configure({ backends: { first: plugin.backends.main } });
    await plugin.configure({ backends: { second: plugin.backends.main } });
    expect((await failureOf(plugin.read("Pool", "ssd", "first/ssd"))).details).toMatch(/backends are second/);
  });
});

describe("a default pool", () => {
  const checked = async (news: Record<string, unknown>, olds: Record<string, unknown> = {}) =>
    (await plugin.check("Volume", "x", { size: "1GiB", ...news }, olds)).getInputs()?.toJavaScript() as {
      pool?: string;
    };

  test("is the place of what declares none, and moves nothing that has one", async () => {
    await plugin.configure({ backends: plugin.backends, defaultPool: "main/ssd" });
    await plugin.create("Pool", "ssd", { backend: "main", name: "ssd" });
    expect((await checked({})).pool).toBe("main/ssd");
    expect((await checked({ pool: "main/own" })).pool).toBe("main/own");
    expect((await checked({}, { size: "1GiB", pool: "main/before", name: "x" })).pool).toBe("main/before");
  });

  test("of no other kind than those that are placed", async () => {
    await plugin.configure({ backends: plugin.backends, defaultPool: "main/ssd" });
    const { failures } = await plugin
      .check("Pool", "p", { backend: "main" })
      .then((response) => ({ failures: response.getFailuresList() }));
    expect(failures).toEqual([]);
  });
});

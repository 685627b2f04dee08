import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describeWith } from "../support/requires";
import { pluginHost } from "./support/engineHost";
import { expectSentence } from "./support/scene";
import { expectFailure, expectSuccess, type Program, TestStack, temporaryFolder } from "./support/testStack";

/** Two providers, in whose backends things have the same names. */
const twoProviders: Program = ({ krstorage, values }) => {
  for (const name of ["hot", "cold"]) {
    const main = { type: "local", path: `${values.folder}/${name}`, ...JSON.parse(values.options ?? "{}") };
    const provider = new krstorage.Provider(name, { backends: { main } });
    const pool = new krstorage.Pool(`${name}-pool`, { backend: "main", name: "ssd", reserve: "0B" }, { provider });
    new krstorage.Volume(`${name}-data`, { pool, name: "data", size: "1MiB" }, { provider });
  }
};

/** One provider whose arguments a test hands in as JSON, and a volume that says nothing of its place. */
const oneProvider: Program = ({ krstorage, values }) => {
  const provider = new krstorage.Provider("only", JSON.parse(values.args as string));
  const pool = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" }, { provider });
  const placed = { size: "1MiB" } as { size: string; pool: string };
  new krstorage.Volume("data", placed, { provider, dependsOn: [pool] });
};

describeWith({ needs: ["engine"] }, "explicit providers and their configuration", () => {
  const folder = temporaryFolder("provider");
  const newStack = async (name: string, config: Record<string, unknown> = {}) => {
    const project = join(folder, name);
    mkdirSync(project);
    for (const backend of ["hot", "cold", "one"]) mkdirSync(join(folder, backend), { recursive: true, mode: 0o711 });
    const stack = new TestStack({ folder: project, config, host: pluginHost });
    await stack.init();
    return stack;
  };
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("two explicit providers with different backends in one stack; another option of theirs changes no resource", async () => {
    const stack = await newStack("two");
    stack.program(twoProviders, { folder });
    expectSuccess(await stack.preview());
    expectSentence(expectSuccess(await stack.up()), /\+ 7 created/);
    for (const name of ["hot", "cold"]) {
      const { outputs } = await stack.resource(`${name}-data`);
      expect((outputs.connection as { path: string }).path).toContain(join(folder, name));
    }
    expectSuccess(await stack.preview("--expect-no-changes"));
    stack.program(twoProviders, { folder, options: '{"timeout":"1m"}' });
    expectSentence(expectSuccess(await stack.up()), /~ 2 updated 5 unchanged/);
    expectSuccess(await stack.refresh("--expect-no-changes"));
    expectSuccess(await stack.destroy());
  }, 180_000);

  test("what says nothing of its place is made in the default pool, and another default moves nothing", async () => {
    const stack = await newStack("default");
    const backends = { main: { type: "local", path: join(folder, "one") } };
    const declare = (args: object) => stack.program(oneProvider, { args: JSON.stringify({ backends, ...args }) });
    declare({});
    expectSentence(
      expectFailure(await stack.preview()),
      /has a problem: missing required property: give pool or volumeClass/,
    );
    declare({ defaultPool: "main/ssd" });
    expectSuccess(await stack.up());
    expect((await stack.resource("data")).id).toBe("main/ssd/data");
    declare({ defaultPool: "main/other" });
    expectSentence(expectSuccess(await stack.up()), /~ 1 updated 3 unchanged/);
    expect((await stack.resource("data")).id).toBe("main/ssd/data");
    expectSuccess(await stack.destroy());
  }, 180_000);

  const path = "/nowhere";
  test.each([
    [
      "an unknown type",
      { backends: { main: { type: "lokal", path } } },
      /backends\.main\.type: .*there is no driver "lokal"; did you mean "local"\?/,
    ],
    ["a missing option", { backends: { main: { type: "local" } } }, /backends\.main\.path: .*is missing/],
    [
      "a misspelt option",
      { backends: { main: { type: "local", paht: path } } },
      /backends\.main: .*unknown "paht"; did you mean "path"\?/,
    ],
    [
      "a wrong type",
      { backends: { main: { type: "local", path, concurrency: "many" } } },
      /backends\.main\.concurrency: .*expected a number/,
    ],
    [
      "a misspelt argument",
      { backend: { main: { type: "local", path } } },
      /property backend .*did you mean "backends"\?/,
    ],
    ["a pool that is none", { defaultPool: "ssd" }, /property defaultPool .*"ssd" is not a pool id/],
  ])(
    "%s fails at preview with the path and what would be right, as an argument",
    async (name, args, sentence) => {
      const stack = await newStack(`argument-${name.replaceAll(" ", "-")}`);
      stack.program(oneProvider, { args: JSON.stringify(args) });
      expectSentence(expectFailure(await stack.preview()), sentence);
    },
    60_000,
  );

  test("a mistake in the stack's configuration is told alike, and no secret of it", async () => {
    const stack = await newStack("stack-config", {
      "krstorage:backends": { main: { type: "local", paht: "s3cr3t-value" } },
    });
    stack.program(({ krstorage }) => {
      new krstorage.Pool("ssd", { backend: "main" });
    });
    const refused = expectFailure(await stack.preview());
    expectSentence(refused, /backends\.main: .*unknown "paht"; did you mean "path"\?/);
    expect(refused.output).not.toContain("s3cr3t-value");
  }, 60_000);
});

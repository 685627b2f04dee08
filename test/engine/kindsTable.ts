import { rmSync } from "node:fs";
import type { SpineBackend } from "./support/engineBackend";
import type { EngineHost } from "./support/engineHost";
import { localBackend } from "./support/localBackend";
import { expectSentence, poolId, Scene } from "./support/scene";
import { expectFailure, expectSuccess, type Program, type RunResult, type TestStack } from "./support/testStack";

/** Everything new at once: a class over two pools, what follows it, and what stands on that. `values.class` is JSON that the class adds. */
const everything: Program = ({ krstorage, values }) => {
  const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
  const hdd = new krstorage.Pool("hdd", { backend: "main", reserve: "0B" });
  const gold = new krstorage.VolumeClass("gold", {
    ...krstorage.classTemplates.silver,
    pools: [ssd, hdd],
    labels: { team: "db" },
    ...JSON.parse(values.class ?? "{}"),
  });
  const data = new krstorage.Volume("data", { volumeClass: gold, size: "4MiB" });
  const home = new krstorage.Share("home", { volumeClass: gold, size: "8MiB", access: [{ client: "10.0.0.0/24" }] });
  const before = new krstorage.Snapshot("before", { source: data });
  const copy = new krstorage.Volume("copy", { volumeClass: gold, size: "4MiB", source: { snapshot: before } });
  const nightly = new krstorage.SnapshotPolicy("nightly", {
    schedule: "30 2 * * *",
    timezone: "Europe/Vienna",
    retention: { keepDaily: 7, keepWeekly: 4 },
    targets: [data, copy],
  });
  return {
    data: data.connection,
    mount: home.connection.apply((connection) => connection.mountCommand),
    ids: [data.volumeId, before.snapshotId, copy.volumeId, home.shareId],
    definition: gold.definition,
    policy: nightly.uid,
  };
};

/** Runs the tests in a host, on a backend. */
export function describeKinds(host: EngineHost, makeBackend: (folder: string) => SpineBackend = localBackend): void {
  const scenes: Scene<SpineBackend>[] = [];
  afterAll(() => {
    for (const scene of scenes) rmSync(scene.folder, { recursive: true, force: true });
  });
  const declare = ({ stack }: Scene<SpineBackend>, values: Record<string, string> = {}) =>
    stack.program(everything, values);
  const fresh = async (): Promise<Scene<SpineBackend>> => {
    const scene = new Scene(makeBackend, "Volume", host);
    scenes.push(scene);
    declare(scene);
    await scene.stack.init();
    return scene;
  };

  test("a preview of a whole new stack is complete: no id, class or target is unknown", async () => {
    const scene = await fresh();
    const { output } = expectSuccess(await scene.stack.preview());
    const [resources = "", outputs = ""] = output.split("--outputs:--");
    for (const known of ['"main/ssd/data@before"', '"main/ssd/data"', '"main/ssd/copy"', 'pool       : "main/ssd"'])
      expect(resources).toContain(known);
    expect(resources).not.toMatch(/output<|\[unknown\]/);
    expect(outputs).toContain('"main/ssd/home"');
    // Nothing is made by looking
    expect(await scene.stack.resources()).toEqual([]);
    expectSentence({ code: 0, output }, /policy nightly .* runs next at (\d{4}-\d\d-\d\d 02:30(, |\s|$)){3}/);
  }, 120_000);

  test("up, then nothing to do, for preview, refresh and up alike; a class edit flows in place and moves nothing", async () => {
    const scene = await fresh();
    expectSentence(expectSuccess(await scene.stack.up()), /\+ 9 created/);
    const uid = await scene.uid();
    expectSuccess(await scene.stack.preview("--expect-no-changes"));
    expectSuccess(await scene.stack.refresh("--expect-no-changes"));
    expectSuccess(await scene.stack.up("--expect-no-changes"));
    const before = await scene.stack.resource("data");
    expect(before.outputs.connection).toMatchObject({ type: scene.backend.volumeConnection });
    expect(await scene.backend.iopsLimit(before)).toBe(5000);
    declare(scene, { class: '{"pools":["main/hdd"],"qos":{"iops":100},"labels":{"team":"sre"}}' });
    expectSentence(expectSuccess(await scene.stack.up()), /~ 4 updated/);
    const data = await scene.stack.resource("data");
    expect(data).toMatchObject({ id: "main/ssd/data", outputs: { uid } });
    expect(await scene.backend.iopsLimit(data)).toBe(100);
    expectSuccess(await scene.stack.preview("--expect-no-changes"));
    expectSuccess(await scene.stack.refresh("--expect-no-changes"));
  }, 180_000);

  test("a class's template keeps what the stack gives up: destroy lets go, and the next stack adopts the same bytes", async () => {
    const scene = new Scene(makeBackend, "Volume", host);
    scenes.push(scene);
    const program: Program = ({ krstorage, values }) => {
      const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
      const gold = new krstorage.VolumeClass("gold", { ...krstorage.classTemplates.gold, pools: [ssd] });
      if (values.data !== "no")
        new krstorage.Volume("data", { volumeClass: gold, size: "4MiB", ...JSON.parse(values.args ?? "{}") });
    };
    await scene.begin(program);
    const uid = await scene.uid();
    scene.stack.program(program, { data: "no" });
    expectSentence(expectSuccess(await scene.stack.up()), /was let go, not deleted/);
    expect((await scene.live("volume")).map((object) => object.uid)).toEqual([uid]);
    scene.stack.program(program);
    expectSentence(expectFailure(await scene.stack.preview()), new RegExp(`belongs to nobody.*adopt: "${uid}"`));
    scene.stack.program(program, { args: JSON.stringify({ adopt: uid, deletionProtection: false }) });
    expectSuccess(await scene.stack.up());
    await scene.expectOneWithItsBytes(uid);
    expectSuccess(await scene.stack.preview("--expect-no-changes"));
  }, 180_000);

  test("a policy outlives what it was declared with: renamed, retargeted, then gone, and no snapshot with it", async () => {
    const scene = new Scene(makeBackend, "Volume", host);
    scenes.push(scene);
    const program: Program = ({ krstorage, values }) => {
      const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
      const data = new krstorage.Volume("data", { pool: ssd, size: "4MiB" });
      const other = new krstorage.Volume("other", { pool: ssd, size: "4MiB" });
      new krstorage.Snapshot("s", { source: data });
      const rules = { schedule: "@hourly", retention: { keepHourly: 24 } };
      if (values.name)
        new krstorage.SnapshotPolicy("policy", {
          ...rules,
          name: values.name,
          targets: values.both ? [data, other] : [data],
        });
    };
    const run = async (values: Record<string, string>) => {
      scene.stack.program(program, values);
      return expectSuccess(await scene.stack.up());
    };
    scene.stack.program(program, { name: "hourly" });
    await scene.stack.init();
    await run({ name: "hourly" });
    const { uid } = (await scene.stack.resource("policy")).outputs;
    expectSentence(await run({ name: "renamed", both: "yes" }), /~ 1 updated/);
    expect((await scene.stack.resource("policy")).outputs).toMatchObject({ uid, generation: 2, name: "renamed" });
    expectSuccess(await scene.stack.refresh("--expect-no-changes"));
    expectSentence(await run({}), /- 1 deleted/);
    expect((await scene.live("snapshot")).map(({ id }) => id)).toEqual([`${poolId}/data@s`]);
    expectSuccess(await scene.stack.destroy());
    expect((await scene.backend.list(poolId)).map(({ phase }) => phase)).toEqual(["trashed", "trashed", "trashed"]);
  }, 180_000);

  const ruled: Program = ({ krstorage, values }) => {
    const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
    const gold = new krstorage.VolumeClass("gold", { pools: [ssd], qos: { iops: 100 } });
    const data = new krstorage.Volume("data", { volumeClass: gold, size: "4MiB" });
    const rules = { schedule: "@daily", retention: { keepDaily: Number(values.days ?? "7") } };
    new krstorage.SnapshotPolicy("nightly", { ...rules, targets: [data] });
  };
  /** The policy acts on the volume, it is the one that the state knows, and there is exactly one. */
  const expectOnePolicy = async (scene: Scene, uid: unknown) => {
    const { policies, attached } = await scene.backend.policies(poolId);
    expect(policies).toEqual([{ uid, name: "nightly", generation: expect.any(Number) }]);
    expect(attached).toEqual([{ id: "main/ssd/data", uid, generation: policies[0]?.generation }]);
    expect((await scene.stack.resource("nightly")).outputs).toMatchObject({ uid, generation: policies[0]?.generation });
  };

  test.each<[string, (scene: Scene) => Promise<void>]>([
    ["--replace", async ({ stack }) => replaceEach(stack, (urn) => stack.up("--replace", urn))],
    [
      "state taint",
      async ({ stack }) =>
        replaceEach(stack, async (urn) => {
          expectSuccess(await stack.pulumi("state", "taint", urn, "--yes"));
          return stack.up();
        }),
    ],
    [
      "state delete, then up",
      async ({ stack }) =>
        replaceEach(stack, async (urn) => {
          expectSuccess(await stack.pulumi("state", "delete", urn, "--yes", "--target-dependents"));
          return stack.up();
        }),
    ],
    [
      "an older state restored",
      async (scene) => {
        const older = await scene.stack.checkpoint();
        scene.stack.program(ruled, { days: "14" });
        expectSuccess(await scene.stack.up());
        await scene.stack.restore(older);
        expectSuccess(await scene.stack.up());
      },
    ],
    [
      "a stack rename",
      async ({ stack }) => {
        expectSuccess(await stack.pulumi("stack", "rename", "production"));
        expectSentence(expectSuccess(await stack.up()), /~ 4 updated/);
      },
    ],
  ])(
    "%s: one policy, one class, and the volume of both untouched",
    async (_operation, run) => {
      const scene = new Scene(makeBackend, "Volume", host);
      scenes.push(scene);
      await scene.begin(ruled);
      const [uid, policy] = [await scene.uid(), await scene.uid("nightly")];
      await run(scene);
      await scene.expectOneWithItsBytes(uid);
      await expectOnePolicy(scene, policy);
      expectSuccess(await scene.stack.preview("--expect-no-changes"));
    },
    240_000,
  );

  test("functions ask what exists, as plain values and of outputs; of what is still to be made they ask nothing", async () => {
    const scene = new Scene(makeBackend, "Volume", host);
    const asking: Program = ({ pulumi, krstorage, values }) => {
      const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
      const data = new krstorage.Volume("data", { pool: ssd, size: "4MiB", labels: { app: "db" } });
      const other = new krstorage.Volume("other", { pool: ssd, size: "1MiB" });
      const plan = krstorage.planRetention({
        snapshots: ["2026-11-20", "2026-11-21"].map((day) => ({ id: day, time: `${day}T00:00:00Z` })),
        retention: { keepLast: 1 },
      });
      const plain = values.isMade ? krstorage.getVolume({ id: "main/ssd/data" }) : undefined;
      return {
        plan: pulumi.output(plan).apply(({ keep, remove }) => [...keep, ...remove].map(({ id }) => id)),
        volume: krstorage.getVolumeOutput({ id: data.volumeId }).sizeBytes,
        names: pulumi
          .all([krstorage.listVolumesOutput({ pool: ssd.poolId, labels: { app: "db" } }), other.uid])
          .apply(([{ volumes }]) => volumes.map(({ id }) => id)),
        driver: krstorage.getPoolOutput({ id: ssd.poolId }).driver,
        promised: pulumi
          .all([krstorage.getCapacityOutput({ pool: ssd.poolId }), data.uid, other.uid])
          .apply(([{ totalBytes }]) => totalBytes > 0),
        plain: pulumi.output(plain).apply((volume) => volume?.connection?.type ?? "none yet"),
      };
    };
    scene.program(asking);
    await scene.stack.init();
    expectSuccess(await scene.stack.preview());
    expectSuccess(await scene.stack.up());
    const outputs = async () => JSON.parse(expectSuccess(await scene.stack.pulumi("stack", "output", "--json")).output);
    expect(await outputs()).toMatchObject({
      plan: ["2026-11-21", "2026-11-20"],
      volume: 4 * 2 ** 20,
      driver: scene.backend.name,
      promised: true,
      plain: "none yet",
    });
    scene.program(asking, { isMade: "yes" });
    expectSuccess(await scene.stack.up());
    expect(await outputs()).toMatchObject({ names: ["main/ssd/data"], plain: scene.backend.volumeConnection });
  }, 120_000);
}

/** Does something to the class and to the policy of a stack, each in a run of its own. */
async function replaceEach(stack: TestStack, action: (urn: string) => Promise<RunResult>): Promise<void> {
  for (const name of ["gold", "nightly"]) expectSuccess(await action((await stack.resource(name)).urn));
}

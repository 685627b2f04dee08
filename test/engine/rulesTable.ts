import { rmSync } from "node:fs";
import type { SpineBackend } from "./support/engineBackend";
import type { EngineHost } from "./support/engineHost";
import { localBackend } from "./support/localBackend";
import { expectSentence, poolId, precious, Scene } from "./support/scene";
import { expectFailure, expectSuccess, type Program } from "./support/testStack";

/** A program whose volume `data` has the arguments that a test hands in as JSON. */
const withArguments: Program = ({ krstorage, values }) => {
  const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
  if (values.pool2) new krstorage.Pool("hdd", { backend: "main", reserve: "0B" });
  new krstorage.Volume("data", { pool: ssd, size: "4MiB", ...JSON.parse(values.args ?? "{}") });
};

/** Runs the tests in a host, on a backend. */
export function describeRules(host: EngineHost, makeBackend: (folder: string) => SpineBackend = localBackend): void {
  const scenes: Scene<SpineBackend>[] = [];
  const begin = async (program?: Program): Promise<Scene<SpineBackend>> => {
    const scene = new Scene(makeBackend, "Volume", host);
    scenes.push(scene);
    await scene.begin(program);
    return scene;
  };
  const declare = (scene: Scene, args: Record<string, unknown>, more: Record<string, string> = {}) =>
    scene.stack.program(withArguments, { args: JSON.stringify(args), ...more });
  afterAll(() => {
    for (const scene of scenes) rmSync(scene.folder, { recursive: true, force: true });
  });

  test("one size spelled two ways is no difference; AC-18 a size that the backend rounds up is none either", async () => {
    const scene = await begin(withArguments);
    declare(scene, { size: "4096KiB" });
    expectSuccess(await scene.stack.preview("--expect-no-changes"));
    declare(scene, { size: "5MB" });
    expectSuccess(await scene.stack.up());
    const { sizeBytes, actualSizeBytes } = (await scene.stack.resource("data")).outputs;
    expect(sizeBytes).toBe(5_000_000);
    const { granularityBytes } = scene.backend;
    expect(actualSizeBytes).toBe(Math.ceil(5_000_000 / granularityBytes) * granularityBytes);
    expectSuccess(await scene.stack.refresh("--expect-no-changes"));
    expectSuccess(await scene.stack.preview("--expect-no-changes"));
  }, 120_000);

  test("AC-17 a volume that grew by itself: told by refresh, no difference, never shrunk", async () => {
    const scene = await begin();
    await scene.backend.growBehindBack(await scene.stack.resource("data"), 6 * 2 ** 20);
    expectSuccess(await scene.stack.refresh());
    expect((await scene.stack.resource("data")).outputs).toMatchObject({
      sizeBytes: 4 * 2 ** 20,
      actualSizeBytes: 6 * 2 ** 20,
      status: "ready",
    });
    expectSuccess(await scene.stack.preview("--expect-no-changes"));
    await scene.expectOneWithItsBytes(await scene.uid());
  }, 120_000);

  test("AC-6 an immutable change is refused with a recipe; AC-9 allowDataLoss naming the very uid replaces, and the old one is in the trash", async () => {
    const scene = await begin(withArguments);
    const uid = await scene.uid();
    for (const [path, args] of [
      ["name", { name: "other" }],
      ["pool", { pool: "main/hdd" }],
      ["source", { source: { volume: "main/ssd/none" } }],
    ] as const) {
      declare(scene, args, { pool2: "yes" });
      const refused = expectFailure(await scene.stack.preview());
      expectSentence(
        refused,
        new RegExp(
          `property ${path}.*cannot change from .* main/ssd/data holds data.*copy into it.*allowDataLoss: "${uid}"`,
        ),
      );
    }
    declare(scene, { name: "other", allowDataLoss: "0".repeat(32) });
    expectSentence(expectFailure(await scene.stack.preview()), /allowDataLoss names "0{32}", which is not this object/);
    await scene.expectOneWithItsBytes(uid);

    declare(scene, { name: "other", allowDataLoss: uid });
    expectSuccess(await scene.stack.up());
    expect((await scene.live("volume")).map((object) => object.id)).toEqual(["main/ssd/other"]);
    expect((await scene.backend.list(poolId)).find((object) => object.uid === uid)?.phase).toBe("trashed");
    expectSuccess(await scene.stack.preview("--expect-no-changes"));
  }, 180_000);

  test("AC-8 a create that fails after delete-before-replace: the old object is in the trash, and the next up goes on", async () => {
    const scene = await begin(({ krstorage }) => {
      const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B", capacity: "10MiB" });
      new krstorage.Volume("data", { pool: ssd, size: "4MiB" });
      new krstorage.Volume("other", { pool: ssd, size: "4MiB" });
    });
    const uid = await scene.uid();
    const replacing: Program = ({ krstorage, values }) => {
      const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B", capacity: values.capacity as string });
      new krstorage.Volume("other", { pool: ssd, size: "4MiB" });
      new krstorage.Volume("data", {
        pool: ssd,
        size: "4MiB",
        source: { volume: "main/ssd/other" },
        allowDataLoss: values.uid as string,
      });
    };
    scene.stack.program(replacing, { uid, capacity: "10MiB" });
    expectFailure(await scene.stack.up()); // the trash still counts, so there is no room for the new one
    const afterwards = await scene.backend.list(poolId);
    expect(["live", "trashed"]).toContain(afterwards.find((object) => object.uid === uid)?.phase);
    scene.stack.program(replacing, { uid, capacity: "20MiB" });
    expectSuccess(await scene.stack.up());
    expect((await scene.live("volume")).map((object) => object.id).sort()).toEqual(["main/ssd/data", "main/ssd/other"]);
    expect((await scene.backend.list(poolId)).find((object) => object.uid === uid)?.phase).toBe("trashed");
  }, 180_000);

  test("deletionProtection: taking it off and deleting are two updates, and the message says so", async () => {
    const scene = await begin(withArguments);
    declare(scene, { deletionProtection: true });
    expectSuccess(await scene.stack.up());
    const uid = await scene.uid();
    expectSentence(expectFailure(await scene.stack.destroy()), /deletionProtection/);
    await scene.expectOneWithItsBytes(uid);
    declare(scene, { deletionProtection: false });
    expectSuccess(await scene.stack.up());
    expectSuccess(await scene.stack.destroy());
    expectSuccess(await scene.stack.destroy());
  }, 120_000);

  test("AC-28 a volume with snapshots is not deleted under them; snapshot and clone carry the bytes", async () => {
    const scene = await begin();
    scene.stack.program(({ krstorage }) => {
      const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
      const data = new krstorage.Volume("data", { pool: ssd, size: "4MiB" });
      const before = new krstorage.Snapshot("before", { source: data });
      new krstorage.Volume("copy", { pool: ssd, size: "4MiB", source: { snapshot: before } });
    });
    expectSuccess(await scene.stack.up());
    expect(await scene.backend.read(await scene.stack.resource("copy"), precious.length)).toBe(precious);
    expectSuccess(await scene.stack.preview("--expect-no-changes"));
    expectSuccess(await scene.stack.refresh("--expect-no-changes"));
    const { urn } = await scene.stack.resource("before");
    expectSuccess(await scene.stack.pulumi("state", "delete", urn, "--yes", "--target-dependents"));
    scene.stack.program(({ krstorage }) => {
      new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
    });
    expectSentence(expectFailure(await scene.stack.up()), /main\/ssd\/data.*before/);
    expect((await scene.live("snapshot")).map((object) => object.id)).toEqual(["main/ssd/data@before"]);
  }, 180_000);

  test("AC-32 deleting what is gone succeeds", async () => {
    const scene = await begin();
    await scene.backend.delete("main/ssd/data");
    expectSuccess(await scene.stack.destroy());
    expect(await scene.live("volume")).toEqual([]);
  }, 60_000);

  test("AC-35 a plan that does not fit is refused in preview, before anything is made", async () => {
    const scene = new Scene(makeBackend, "Volume", host);
    scenes.push(scene);
    scene.stack.program(({ krstorage }) => {
      const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B", capacity: "10MiB" });
      for (const name of ["a", "b", "c"]) new krstorage.Volume(name, { pool: ssd, size: "4MiB" });
    });
    await scene.stack.init();
    const refused = expectFailure(await scene.stack.preview());
    expectSentence(
      refused,
      /property size.*4MiB more does not fit|property size.*12MiB more does not fit.*this plan asks for 12MiB in all/,
    );
  }, 60_000);

  test("names that are none are refused with the path, and nothing is made", async () => {
    const scene = await begin();
    for (const name of ["../x", "a/b", "-rf", "x".repeat(300), "größe", "", "a\u0007b"]) {
      scene.stack.program(
        ({ krstorage, values }) => {
          const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
          new krstorage.Volume("data", { pool: ssd, size: "4MiB" });
          new krstorage.Volume("bad", {
            pool: ssd,
            size: "4MiB",
            name: JSON.parse(values.name as string),
            labels: { "a\nb": "c\u0000d" },
          });
        },
        { name: JSON.stringify(name) },
      );
      const refused = expectFailure(await scene.stack.preview());
      expectSentence(refused, /property name.*is not a name; use 1 to 63/);
      expectSentence(refused, /has a problem: labels\[/);
    }
    await scene.expectOneWithItsBytes(await scene.uid());
  }, 180_000);

  test("the preview of a new stack is complete: what inputs tell is known", async () => {
    const scene = new Scene(makeBackend, "Volume", host);
    scenes.push(scene);
    scene.stack.program(({ krstorage }) => {
      const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
      const data = new krstorage.Volume("data", { pool: ssd, size: "4MiB" });
      const before = new krstorage.Snapshot("before", { source: data });
      new krstorage.Volume("copy", { pool: ssd, size: "8MiB", source: { snapshot: before } });
    });
    await scene.stack.init();
    const preview = expectSuccess(await scene.stack.preview());
    expectSentence(preview, /pool *: "main\/ssd"/);
    expectSentence(preview, /source *: "main\/ssd\/data"/);
    expectSentence(preview, /snapshot: "main\/ssd\/data@before"/);
    expect(preview.output).not.toMatch(/(pool|source|snapshot|size|name) *: *\[unknown\]/);
  }, 60_000);
}

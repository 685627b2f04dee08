import { rmSync } from "node:fs";
import { openStorage } from "../../provider/storage";
import type { SpineBackend } from "./support/engineBackend";
import type { EngineHost } from "./support/engineHost";
import { localBackend } from "./support/localBackend";
import { expectSentence, poolId, precious, Scene } from "./support/scene";
import { expectFailure, expectSuccess, type Program } from "./support/testStack";

const adopting: Program = ({ krstorage, values }) => {
  const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
  new krstorage.Volume("data", { pool: ssd, size: "4MiB", ...(values.uid ? { adopt: values.uid } : {}) });
};

/** Runs the tests in a host, on a backend. */
export function describeAdoption(host: EngineHost, makeBackend: (folder: string) => SpineBackend = localBackend): void {
  const scenes: Scene<SpineBackend>[] = [];
  const newScene = () => {
    const scene = new Scene(makeBackend, "Volume", host);
    scenes.push(scene);
    return scene;
  };
  afterAll(() => {
    for (const scene of scenes) rmSync(scene.folder, { recursive: true, force: true });
  });

  test("AC-13 a volume that another program made is adopted by uid: same bytes, then no difference; AC-16 adopt, drop, adopt again", async () => {
    const scene = newScene();
    const storage = openStorage({ backends: scene.backend.config(), owner: "another-program" });
    await storage.createPool("main/other", { reserve: "0B" });
    scene.stack.program(({ krstorage }) => {
      new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
    });
    await scene.stack.init();
    expectSuccess(await scene.stack.up());
    const { uid } = await storage.createVolume("main/ssd/data", { size: "4MiB" });
    await storage.close();

    scene.stack.program(adopting);
    expectSentence(
      expectFailure(await scene.stack.preview()),
      new RegExp(`belongs to another-program/Volume/data.*adopt: "${uid}"`),
    );
    for (const round of ["first", "second"]) {
      scene.stack.program(adopting, { uid });
      expectSentence(
        expectSuccess(await scene.stack.up()),
        round === "first" ? /adopted; deletionProtection is on/ : /existed and was adopted/,
      );
      await scene.backend.write(await scene.stack.resource("data"), precious);
      scene.stack.program(adopting); // a permission that has been used can be taken out
      expectSuccess(await scene.stack.preview("--expect-no-changes"));
      expectSuccess(await scene.stack.refresh("--expect-no-changes"));
      await scene.expectOneWithItsBytes(uid);
      expectSentence(
        expectFailure(await scene.stack.destroy("--target", (await scene.stack.resource("data")).urn)),
        /deletionProtection/,
      );
      expectSuccess(await scene.stack.pulumi("state", "delete", (await scene.stack.resource("data")).urn, "--yes"));
    }
  }, 300_000);

  test("AC-30 a snapshot survives the loss of its state; AC-31 what no stack knows is listed; AC-21 what one knows is not", async () => {
    const scene = newScene();
    const program: Program = ({ krstorage }) => {
      const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
      const data = new krstorage.Volume("data", { pool: ssd, size: "4MiB" });
      new krstorage.Snapshot("before", { source: data });
    };
    await scene.begin(program);
    const storage = openStorage({ backends: scene.backend.config() });
    const known = async () => (await scene.stack.resources()).map((resource) => resource.outputs.uid as string);
    expect(await storage.orphans(poolId, await known())).toEqual([]);
    const before = await scene.stack.resource("before");
    expectSuccess(await scene.stack.pulumi("state", "delete", before.urn, "--yes"));
    expect((await storage.orphans(poolId, await known())).map((object) => object.id)).toEqual(["main/ssd/data@before"]);
    await storage.close();
    expectSuccess(await scene.stack.up());
    expect((await scene.stack.resource("before")).outputs.uid).toBe(before.outputs.uid);
  }, 180_000);

  test("AC-3 AC-4 a grown volume keeps its size and bytes, read back after everything has ended; AC-5 a pool's settings change in place", async () => {
    const scene = newScene();
    await scene.begin();
    const uid = await scene.uid();
    scene.stack.program(({ krstorage }) => {
      const ssd = new krstorage.Pool("ssd", {
        backend: "main",
        reserve: "0B",
        capacity: "1GiB",
        trashRetention: "7d",
        labels: { tier: "a" },
      });
      new krstorage.Volume("data", { pool: ssd, size: "16MiB" });
    });
    expectSentence(expectSuccess(await scene.stack.up()), /~ 2 updated/);
    expectSuccess(await scene.stack.refresh("--expect-no-changes"));
    expect((await scene.stack.resource("data")).outputs).toMatchObject({
      sizeBytes: 16 * 2 ** 20,
      actualSizeBytes: 16 * 2 ** 20,
    });
    await scene.expectOneWithItsBytes(uid);
  }, 120_000);

  test("AC-7 the state that an earlier build wrote makes no difference", async () => {
    const scene = newScene();
    await scene.begin();
    // What later versions put out beside these must not be a difference either
    const exported = JSON.parse(await scene.stack.checkpoint()) as {
      deployment: { resources: { type: string; outputs: Record<string, unknown> }[] };
    };
    for (const resource of exported.deployment.resources.filter((each) => each.type.includes("krstorage:")))
      delete resource.outputs.actualSizeBytes;
    await scene.stack.restore(JSON.stringify(exported));
    expectSuccess(await scene.stack.preview("--expect-no-changes"));
    await scene.expectOneWithItsBytes(await scene.uid());
  }, 120_000);

  test("a destroyed pool that has only trash left comes back to its stack, and to nobody else", async () => {
    const scene = newScene();
    await scene.begin();
    expectSuccess(await scene.stack.destroy());
    const other = scene.newStack("other", { stackId: "id-of-the-other-stack" });
    other.program(({ krstorage }) => {
      new krstorage.Pool("mine", { backend: "main", name: "ssd", reserve: "0B" });
    });
    await other.init();
    expectSentence(expectFailure(await other.preview()), /pool main\/ssd exists already and belongs to/);
    expectSuccess(await scene.stack.up());
    expect((await scene.backend.list(poolId)).map((object) => object.phase).sort()).toEqual(["live", "trashed"]);
  }, 120_000);
}

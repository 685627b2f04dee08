import { rmSync } from "node:fs";
import { describeWith } from "../support/requires";
import { dynamicHost, pluginHost } from "./support/engineHost";
import { localBackend } from "./support/localBackend";
import { expectSentence, Scene } from "./support/scene";
import { expectSuccess, type Program } from "./support/testStack";

/** Every kind, below a component, below one of ours, and at the top. */
const program: Program = ({ pulumi, krstorage }) => {
  const group = new pulumi.ComponentResource("test:index:Group", "group");
  const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
  const data = new krstorage.Volume("data", { pool: ssd, size: "4MiB", labels: { a: "b" } });
  new krstorage.Volume("grouped", { pool: ssd, size: "1MiB" }, { parent: group });
  new krstorage.Volume("nested", { pool: ssd, size: "1MiB" }, { parent: data });
  const before = new krstorage.Snapshot("before", { source: data });
  new krstorage.Volume("copy", { pool: ssd, size: "8MiB", source: { snapshot: before } });
  const gold = new krstorage.VolumeClass("gold", { pools: [ssd] });
  new krstorage.Volume("classed", { volumeClass: gold, size: "1MiB" });
  new krstorage.Share("share", { pool: ssd, size: "4MiB" });
  new krstorage.SnapshotPolicy("nightly", { schedule: "@daily", retention: { keepDaily: 7 }, targets: [data] });
};

describeWith({ needs: ["engine"] }, "from the dynamic provider to the plugin", () => {
  test("AC-7 a stack moves by changing one import: nothing is created, updated, replaced or deleted", async () => {
    // The scene's PATH has the plugin from the start; the program says which host it uses
    const scene = new Scene(localBackend, "Volume", pluginHost);
    scene.stack.program(program, {}, dynamicHost);
    await scene.stack.init();
    expectSentence(expectSuccess(await scene.stack.up()), /\+ 12 created/);
    const before = await scene.stack.resources();
    expect(before.every(({ type }) => type.startsWith("pulumi-nodejs:dynamic/krstorage:"))).toBe(true);
    await scene.backend.write(await scene.stack.resource("data"), "precious bytes");

    scene.stack.program(program);
    expectSentence(expectSuccess(await scene.stack.preview("--expect-no-changes")), /12 unchanged/);
    expectSentence(expectSuccess(await scene.stack.up()), /Resources: 12 unchanged/);
    const after = (await scene.stack.resources()).filter(({ type }) => !type.startsWith("pulumi:providers:"));
    expect(after.every(({ type }) => type.startsWith("krstorage:index:"))).toBe(true);
    expect(after.map(({ id, outputs }) => [id, outputs.uid])).toEqual(
      expect.arrayContaining(before.map(({ id, outputs }) => [id, outputs.uid])),
    );
    expectSuccess(await scene.stack.refresh("--expect-no-changes"));
    // Nothing of the other host is left, now that every state has been read anew
    expect(await scene.stack.checkpoint()).not.toContain("__provider");
    expectSuccess(await scene.stack.preview("--expect-no-changes"));
    expect(await scene.backend.read(await scene.stack.resource("data"), 14)).toBe("precious bytes");
    expectSuccess(await scene.stack.destroy());
    rmSync(scene.folder, { recursive: true, force: true });
  }, 180_000);
});

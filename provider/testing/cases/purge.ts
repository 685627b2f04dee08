import assert from "node:assert/strict";
import { newUid } from "../../drivers/record";
import { type Bench, call, dayMs, hourMs } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused } from "../refusal";
import { assertSame } from "../same";

/** How far the caller's clock is off in these cases. */
const offMs = 2 * dayMs;

export const purgeCases: CaseDefinition[] = [
  {
    name: "purge: before its time it is PRECONDITION_FAILED and the bytes stay; after it, it ends them",
    needs: ["trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      await bench.trash(volume, 2000);
      await assertRefused(bench.driver.purge(bench.ref, { uid: volume.record.uid }, call()), "PRECONDITION_FAILED");
      await bench.assertBytes(await bench.undelete(volume), "kept");
      const again = await bench.trash(await bench.expect(volume.record.uid, "live"), 2000);
      await bench.harness.clock.advance(3000);
      assert.equal(await bench.driver.purge(bench.ref, { uid: again.record.uid }, call()), true);
      assert.equal(await bench.find(again.record.uid), undefined);
      await assertRefused(bench.undelete(volume), "NOT_FOUND");
    },
  },
  {
    name: "purge: a caller's clock two days ahead does not bring the time nearer, in any instance",
    needs: ["trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      await bench.trash(volume, hourMs);
      await withClockOff(bench, offMs, async () => {
        for (const driver of [bench.driver, await bench.another()])
          await assertRefused(driver.purge(bench.ref, { uid: volume.record.uid }, call()), "PRECONDITION_FAILED");
        await bench.driver.fsck(bench.ref, { repair: true }, call());
        await bench.expect(volume.record.uid, "trashed");
      });
      await bench.assertBytes(await bench.undelete(volume), "kept");
    },
  },
  {
    name: "purge: what is trashed while the caller's clock is two days behind is kept as long as was asked",
    needs: ["trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      await withClockOff(bench, -offMs, () => bench.trash(volume, hourMs));
      await assertRefused(bench.driver.purge(bench.ref, { uid: volume.record.uid }, call()), "PRECONDITION_FAILED");
      await bench.assertBytes(await bench.undelete(volume), "kept");
    },
  },
  {
    name: "purge: the permission that names the very object ends it before its time",
    needs: ["trash"],
    async run(bench) {
      const volume = await bench.trash(await bench.volume("data"));
      const { uid } = volume.record;
      assert.equal(await bench.driver.purge(bench.ref, { uid, allowDataLoss: uid }, call()), true);
      assert.equal(await bench.find(uid), undefined);
    },
  },
  {
    name: "purge: a permission that names another object ends neither",
    needs: ["trash"],
    async run(bench) {
      const one = await bench.stampedVolume("one", "first");
      const two = await bench.stampedVolume("two", "second");
      for (const volume of [one, two]) await bench.trash(volume);
      await assertRefused(
        bench.driver.purge(bench.ref, { uid: one.record.uid, allowDataLoss: two.record.uid }, call()),
        "PRECONDITION_FAILED",
      );
      await bench.assertBytes(await bench.undelete(one), "first");
      await bench.assertBytes(await bench.undelete(two), "second");
    },
  },
  {
    name: "purge: it never ends what is live, whatever the permission says",
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      const { uid } = volume.record;
      await assertRefused(bench.driver.purge(bench.ref, { uid }, call()), "PRECONDITION_FAILED", "IN_USE");
      await assertRefused(
        bench.driver.purge(bench.ref, { uid, allowDataLoss: uid }, call()),
        "PRECONDITION_FAILED",
        "IN_USE",
      );
      assertSame(await bench.expect(uid, "live"), volume);
      await bench.assertBytes(volume, "kept");
    },
  },
  {
    name: "purge: it never ends what was undeleted before its time came",
    needs: ["trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      await bench.trash(volume, 1000);
      const back = await bench.undelete(volume);
      await bench.harness.clock.advance(2000);
      await assertRefused(
        bench.driver.purge(bench.ref, { uid: volume.record.uid }, call()),
        "PRECONDITION_FAILED",
        "IN_USE",
      );
      await bench.assertBytes(back, "kept");
    },
  },
  {
    name: "purge: of what is not there is false, as often as it is repeated",
    needs: ["trash"],
    async run(bench) {
      const volume = await bench.trash(await bench.volume("data"));
      const { uid } = volume.record;
      await bench.driver.purge(bench.ref, { uid, allowDataLoss: uid }, call());
      assert.equal(await bench.driver.purge(bench.ref, { uid, allowDataLoss: uid }, call()), false);
      assert.equal(await bench.driver.purge(bench.ref, { uid: newUid() }, call()), false);
    },
  },
  {
    name: "purge: it ends one object and leaves its namesakes, live and trashed",
    needs: ["trash"],
    async run(bench) {
      const first = await bench.trash(await bench.stampedVolume("data", "first"));
      const second = await bench.trash(await bench.stampedVolume("data", "second"));
      const live = await bench.stampedVolume("data", "live");
      const { uid } = first.record;
      await bench.driver.purge(bench.ref, { uid, allowDataLoss: uid }, call());
      await bench.assertBytes(live, "live");
      await bench.trash(live);
      await bench.assertBytes(await bench.undelete(second), "second");
    },
  },
];

async function withClockOff(bench: Bench, ms: number, run: () => Promise<unknown>): Promise<void> {
  bench.harness.clock.jump(ms);
  try {
    await run();
  } finally {
    bench.harness.clock.jump(-ms);
  }
}

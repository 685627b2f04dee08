import assert from "node:assert/strict";
import { call, matchOf } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused, endingOf } from "../refusal";
import { assertSame } from "../same";

export const cloneCases: CaseDefinition[] = [
  {
    name: "clone: it has its own uid, claim, owner and labels, never those of its source",
    needs: ["clone"],
    async run(bench) {
      const source = await bench.volume("data", { labels: { of: "source" }, protection: true, stackId: "source" });
      const inputs = bench.volumeInputs("copy", { sourceUid: source.record.uid, labels: { of: "copy" } });
      const copy = await bench.driver.create(bench.ref, inputs, call());
      const { uid, claim, owner, labels, protection, stackId, sourceUid } = copy.record;
      assertSame(
        { uid, claim, owner, labels, protection, stackId, sourceUid },
        { ...pick(inputs), stackId: undefined },
      );
      assert.notEqual(copy.record.self, source.record.self, "its record is written for its own carrier");
      assert.equal(copy.health, "ready");
      assertSame(await bench.expect(uid, "live"), copy);
      assertSame(await bench.expect(source.record.uid, "live"), source);
    },
  },
  {
    name: "clone: its writes do not reach the source, nor the source's writes the clone",
    needs: ["clone"],
    async run(bench) {
      const source = await bench.stampedVolume("data", "old");
      const copy = await bench.clone(source, "copy");
      await bench.assertBytes(copy, "old");
      await bench.stamp(copy, "of the copy");
      await bench.assertBytes(source, "old");
      await bench.stamp(source, "of the source");
      await bench.assertBytes(copy, "of the copy");
    },
  },
  {
    name: "clone: of a snapshot it has the snapshot's bytes, and its writes do not reach the snapshot",
    needs: ["snapshot", "clone"],
    async run(bench) {
      const source = await bench.stampedVolume("data", "old");
      const snapshot = await bench.snapshot(source, "one");
      await bench.stamp(source, "new");
      const copy = await bench.clone(snapshot, "copy");
      await bench.assertBytes(copy, "old");
      await bench.stamp(copy, "of the copy");
      await bench.assertBytesInCopy(snapshot, "old");
      await bench.assertBytes(source, "new");
    },
  },
  {
    name: "clone: one larger than its source has the source's bytes and then zeros",
    needs: ["clone"],
    async run(bench) {
      const copy = await bench.clone(await bench.stampedVolume("data", "old"), "copy", { sizeBytes: 2 * bench.unit });
      assert.equal(copy.record.sizeBytes, 2 * bench.unit);
      await bench.assertBytes(copy, "old");
      await bench.assertZeros(copy, 2 * bench.unit - 4096);
    },
  },
  {
    name: "clone: one smaller than its source is refused and makes nothing",
    needs: ["clone"],
    async run(bench) {
      const source = await bench.volume("data", { sizeBytes: 2 * bench.unit });
      await assertRefused(
        bench.clone(source, "copy", { sizeBytes: bench.unit }),
        "INVALID_ARGUMENT",
        "PRECONDITION_FAILED",
      );
      assertSame(await bench.contents(), [source]);
    },
  },
  {
    name: "clone: of a volume in use it is a point in time where the pool can take one, and IN_USE elsewhere",
    needs: ["clone"],
    hooks: ["use"],
    async run(bench) {
      const source = await bench.stampedVolume("data", "old");
      const release = await bench.harness.use?.(source);
      try {
        if (bench.harness.capabilities.onlineSnapshot === "crash") await bench.assertBytesInCopy(source, "old");
        else await assertRefused(bench.clone(source, "copy"), "IN_USE");
      } finally {
        await release?.();
      }
      await bench.assertBytesInCopy(source, "old");
    },
  },
  {
    name: "clone: of a source in the trash is NOT_FOUND",
    needs: ["clone", "trash"],
    async run(bench) {
      const source = await bench.volume("data");
      await bench.trash(source);
      await assertRefused(bench.clone(source, "copy"), "NOT_FOUND");
    },
  },
  {
    name: "clone: its bytes outlive its source, whose purge succeeds or is IN_USE",
    needs: ["snapshot", "clone", "trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "old");
      const snapshot = await bench.snapshot(volume, "one");
      const copy = await bench.clone(snapshot, "copy");
      for (const { record } of [snapshot, volume]) {
        const trashed = await endingOf(bench.driver.trash(bench.ref, matchOf({ record }), 1000, call()));
        const purged =
          trashed.error ??
          (await endingOf(bench.driver.purge(bench.ref, { uid: record.uid, allowDataLoss: record.uid }, call()))).error;
        if (purged) assert.equal(purged.code, "IN_USE");
      }
      await bench.assertBytes(await bench.expect(copy.record.uid, "live"), "old");
    },
  },
];

function pick({
  uid,
  claim,
  owner,
  labels,
  protection,
  sourceUid,
}: {
  uid: string;
  claim: string;
  owner: string;
  labels: object;
  protection: boolean;
  sourceUid?: string;
}): object {
  return { uid, claim, owner, labels, protection, sourceUid };
}

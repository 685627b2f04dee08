import assert from "node:assert/strict";
import { newUid } from "../../drivers/record";
import { type Bench, call, matchOf } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused } from "../refusal";
import { assertSame } from "../same";

export const snapshotCases: CaseDefinition[] = [
  {
    name: "snapshot: it says what it is a copy of, of what size and worth, and is not to be connected to",
    needs: ["snapshot"],
    async run(bench) {
      const volume = await bench.volume("data", { sizeBytes: 2 * bench.unit });
      const inputs = bench.snapshotInputs(volume, "nightly", { labels: { a: "b" } });
      const snapshot = await bench.driver.create(bench.ref, inputs, call());
      const { kind, name, uid, claim, owner, labels, sourceUid, sizeBytes, consistency } = snapshot.record;
      assertSame(
        { kind, name, uid, claim, owner, labels, sourceUid },
        {
          kind: "snapshot",
          name: "data@nightly",
          uid: inputs.uid,
          claim: inputs.claim,
          owner: inputs.owner,
          labels: { a: "b" },
          sourceUid: volume.record.uid,
        },
      );
      assert.equal(sizeBytes, 2 * bench.unit);
      assert.ok(consistency === "offline" || consistency === "crash", `taken of an idle volume it is ${consistency}`);
      assert.equal(snapshot.connection, undefined);
      assertSame(await bench.find(uid, bench.ref, await bench.another()), snapshot);
      assert.equal(
        (await bench.expect(volume.record.uid, "live")).record.claim,
        volume.record.claim,
        "the source is as it was",
      );
    },
  },
  {
    name: "snapshot: it keeps the old bytes when the source changes",
    needs: ["snapshot", "clone"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "old");
      const snapshot = await bench.snapshot(volume, "one");
      await bench.stamp(volume, "new");
      const second = await bench.snapshot(volume, "two");
      await bench.stamp(volume, "newest");
      await bench.assertBytesInCopy(snapshot, "old");
      await bench.assertBytesInCopy(second, "new");
      await bench.assertBytes(volume, "newest");
    },
  },
  {
    name: "snapshot: of a source that is not there is NOT_FOUND and makes nothing",
    needs: ["snapshot"],
    async run(bench) {
      const volume = await bench.volume("data");
      await assertRefused(
        bench.driver.create(bench.ref, bench.snapshotInputs(volume, "one", { sourceUid: newUid() }), call()),
        "NOT_FOUND",
      );
      assertSame(await bench.contents(), [volume]);
    },
  },
  {
    name: "snapshot: of a source in the trash is NOT_FOUND",
    needs: ["snapshot", "trash"],
    async run(bench) {
      const volume = await bench.volume("data");
      await bench.trash(volume);
      await assertRefused(bench.snapshot(volume, "one"), "NOT_FOUND");
    },
  },
  {
    name: "snapshot: a taken name is ALREADY_EXISTS and keeps the bytes of the first",
    needs: ["snapshot", "clone"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "old");
      const first = await bench.snapshot(volume, "one");
      await bench.stamp(volume, "new");
      await assertRefused(bench.snapshot(volume, "one"), "ALREADY_EXISTS");
      assertSame(await bench.expect(first.record.uid, "live"), first);
      await bench.assertBytesInCopy(first, "old");
    },
  },
  {
    name: "snapshot: the same uid again after a lost reply keeps the bytes of the first time",
    needs: ["snapshot", "clone"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "old");
      const inputs = bench.snapshotInputs(volume, "one");
      const first = await bench.driver.create(bench.ref, inputs, call());
      await bench.stamp(volume, "new");
      await (await bench.another()).create(bench.ref, inputs, call()).catch(() => undefined);
      assert.equal((await bench.named("data@one")).length, 1);
      await bench.assertBytesInCopy(first, "old");
    },
  },
  {
    name: "snapshot: of a volume in use it is a point in time where the pool can take one, and IN_USE elsewhere",
    needs: ["snapshot", "clone"],
    hooks: ["use"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "old");
      const release = await bench.harness.use?.(volume);
      try {
        if (bench.harness.capabilities.onlineSnapshot === "crash") {
          const snapshot = await bench.snapshot(volume, "one");
          assert.equal(snapshot.record.consistency, "crash");
          await bench.stamp(volume, "new");
          await bench.assertBytesInCopy(snapshot, "old");
        } else {
          const error = await assertRefused(bench.snapshot(volume, "one"), "IN_USE");
          await assertNamesHolder(bench, volume.record.uid, error.message);
          assertSame((await bench.contents()).length, 1);
        }
      } finally {
        await release?.();
      }
      await bench.snapshot(volume, "two");
    },
  },
  {
    name: "snapshot: a live one keeps its volume out of the trash until it is gone",
    needs: ["snapshot", "trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      const snapshot = await bench.snapshot(volume, "one");
      await assertRefused(bench.driver.trash(bench.ref, matchOf(volume), 1000, call()), "IN_USE");
      await bench.assertBytes(await bench.expect(volume.record.uid, "live"), "kept");
      await bench.trash(snapshot);
      await bench.trash(volume);
    },
  },
  {
    name: "snapshot: one cannot be grown, and its size stays",
    needs: ["snapshot", "grow"],
    async run(bench) {
      const snapshot = await bench.snapshot(await bench.volume("data"), "one");
      await assertRefused(
        bench.driver.grow(bench.ref, matchOf(snapshot), 2 * bench.unit, call()),
        "UNSUPPORTED",
        "PRECONDITION_FAILED",
        "INVALID_ARGUMENT",
      );
      assert.equal((await bench.expect(snapshot.record.uid, "live")).record.sizeBytes, bench.unit);
    },
  },
];

/** A refusal because of use says who uses it, or nobody can do anything about it. */
async function assertNamesHolder(bench: Bench, uid: string, message: string): Promise<void> {
  const holders = await bench.driver.holders(bench.ref, uid, call());
  assert.ok(
    holders.some((holder) => holder.writes && message.includes(holder.name)),
    `"${message}" names one of ${JSON.stringify(holders)}`,
  );
}

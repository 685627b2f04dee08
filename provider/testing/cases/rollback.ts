import assert from "node:assert/strict";
import { newClaim, newUid } from "../../drivers/record";
import { call, matchOf } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused } from "../refusal";
import { assertSame } from "../same";

export const rollbackCases: CaseDefinition[] = [
  {
    name: "rollback: it brings the old bytes back, again and again, and keeps the snapshot",
    needs: ["snapshot", "rollback"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "old");
      const snapshot = await bench.snapshot(volume, "one");
      for (const label of ["new", "newer"]) {
        await bench.stamp(volume, label);
        const back = await bench.driver.rollback(bench.ref, matchOf(volume), snapshot.record.uid, call());
        assertSame(matchOf(back), matchOf(volume));
        assertSame(back.connection, volume.connection);
        await bench.assertBytes(back, "old");
      }
      assertSame(await bench.expect(snapshot.record.uid, "live"), snapshot);
    },
  },
  {
    name: "rollback: the size never shrinks, and what the snapshot does not cover reads as zeros",
    needs: ["snapshot", "rollback", "grow"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "old");
      const snapshot = await bench.snapshot(volume, "one");
      const grown = await bench.driver.grow(bench.ref, matchOf(volume), 2 * bench.unit, call());
      await bench.harness.writeBytes(grown, bench.unit, Buffer.alloc(4096, "late"));
      const back = await bench.driver.rollback(bench.ref, matchOf(volume), snapshot.record.uid, call());
      assert.equal(back.record.sizeBytes, 2 * bench.unit);
      assert.ok(back.actualSizeBytes >= 2 * bench.unit);
      await bench.assertBytes(back, "old");
      await bench.assertZeros(back, bench.unit);
    },
  },
  {
    name: "rollback: while the volume is in use it is IN_USE and the bytes stay",
    needs: ["snapshot", "rollback"],
    hooks: ["use"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "old");
      const snapshot = await bench.snapshot(volume, "one");
      await bench.stamp(volume, "new");
      const release = await bench.harness.use?.(volume);
      try {
        await assertRefused(bench.driver.rollback(bench.ref, matchOf(volume), snapshot.record.uid, call()), "IN_USE");
        await bench.assertBytes(volume, "new");
      } finally {
        await release?.();
      }
      await bench.assertBytes(
        await bench.driver.rollback(bench.ref, matchOf(volume), snapshot.record.uid, call()),
        "old",
      );
    },
  },
  {
    name: "rollback: while a consumer is registered it is IN_USE and the bytes stay",
    needs: ["snapshot", "rollback"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "old");
      const snapshot = await bench.snapshot(volume, "one");
      await bench.stamp(volume, "new");
      await bench.driver.update(
        bench.ref,
        matchOf(volume),
        { consumers: [{ id: "vm/1", since: volume.record.createdAt }] },
        call(),
      );
      await assertRefused(bench.driver.rollback(bench.ref, matchOf(volume), snapshot.record.uid, call()), "IN_USE");
      await bench.assertBytes(volume, "new");
    },
  },
  {
    name: "rollback: with another claim it is CONFLICT and the bytes stay",
    needs: ["snapshot", "rollback"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "old");
      const snapshot = await bench.snapshot(volume, "one");
      await bench.stamp(volume, "new");
      await assertRefused(
        bench.driver.rollback(bench.ref, { uid: volume.record.uid, claim: newClaim() }, snapshot.record.uid, call()),
        "CONFLICT",
      );
      await bench.assertBytes(volume, "new");
    },
  },
  {
    name: "rollback: to a snapshot that is not there, is trashed, or is of another volume is refused and the bytes stay",
    needs: ["snapshot", "rollback", "trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      const foreign = await bench.snapshot(await bench.stampedVolume("other", "foreign"), "one");
      const trashed = await bench.trash(await bench.snapshot(volume, "gone"));
      await assertRefused(bench.driver.rollback(bench.ref, matchOf(volume), newUid(), call()), "NOT_FOUND");
      await assertRefused(bench.driver.rollback(bench.ref, matchOf(volume), trashed.record.uid, call()), "NOT_FOUND");
      await assertRefused(
        bench.driver.rollback(bench.ref, matchOf(volume), foreign.record.uid, call()),
        "NOT_FOUND",
        "INVALID_ARGUMENT",
        "PRECONDITION_FAILED",
      );
      await bench.assertBytes(volume, "kept");
    },
  },
];

import assert from "node:assert/strict";
import { newUid } from "../../drivers/record";
import { call, matchOf } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused } from "../refusal";
import { assertSame } from "../same";

export const sizeCases: CaseDefinition[] = [
  {
    name: "grow: the size is raised in place; bytes, uid, claim and connection stay, the new part reads as zeros",
    needs: ["grow"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      const grown = await bench.driver.grow(bench.ref, matchOf(volume), 3 * bench.unit, call());
      assert.equal(grown.record.sizeBytes, 3 * bench.unit);
      assert.ok(grown.actualSizeBytes >= 3 * bench.unit, "the backend gives at least what was asked");
      assertSame(matchOf(grown), matchOf(volume));
      assertSame(grown.connection, volume.connection);
      assertSame(await bench.expect(volume.record.uid, "live"), grown);
      await bench.assertBytes(grown, "kept");
      await bench.assertZeros(grown, 2 * bench.unit);
      await bench.assertZeros(grown, 3 * bench.unit - 4096);
    },
  },
  {
    name: "grow: to the size it has succeeds, again and again",
    needs: ["grow"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      for (const size of [1, 2, 2]) {
        const grown = await bench.driver.grow(bench.ref, matchOf(volume), size * bench.unit, call());
        assert.equal(grown.record.sizeBytes, size * bench.unit);
      }
      await bench.assertBytes(volume, "kept");
    },
  },
  {
    name: "grow: to less is PRECONDITION_FAILED; size and bytes stay",
    needs: ["grow"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      const grown = await bench.driver.grow(bench.ref, matchOf(volume), 2 * bench.unit, call());
      for (const size of [bench.unit, 2 * bench.unit - 1, 1]) {
        await assertRefused(bench.driver.grow(bench.ref, matchOf(volume), size, call()), "PRECONDITION_FAILED");
      }
      assertSame(await bench.expect(volume.record.uid, "live"), grown);
      await bench.assertBytes(grown, "kept");
    },
  },
  {
    name: "grow: a size that is no size is refused; size and bytes stay",
    needs: ["grow"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      for (const size of [0, -1, Number.NaN, bench.unit + 0.5, Number.POSITIVE_INFINITY]) {
        await assertRefused(
          bench.driver.grow(bench.ref, matchOf(volume), size, call()),
          "INVALID_ARGUMENT",
          "PRECONDITION_FAILED",
        );
      }
      assertSame(await bench.expect(volume.record.uid, "live"), volume);
      await bench.assertBytes(volume, "kept");
    },
  },
  {
    name: "grow: of a uid that is not there is NOT_FOUND",
    needs: ["grow"],
    async run(bench) {
      const volume = await bench.volume("data");
      await assertRefused(
        bench.driver.grow(bench.ref, { ...matchOf(volume), uid: newUid() }, 2 * bench.unit, call()),
        "NOT_FOUND",
      );
    },
  },
  {
    name: "quota: a create that does not fit is QUOTA_EXCEEDED and makes nothing",
    async run(bench) {
      const ref = await bench.poolOfUnits(4);
      await bench.volume("data", { sizeBytes: 3 * bench.unit }, ref);
      await assertRefused(bench.volume("more", { sizeBytes: 2 * bench.unit }, ref), "QUOTA_EXCEEDED");
      assertSame(
        (await bench.contents(ref)).map((object) => object.record.name),
        ["data"],
      );
      await bench.volume("fits", { sizeBytes: bench.unit }, ref);
    },
  },
  {
    name: "quota: a grow that does not fit is QUOTA_EXCEEDED; size and bytes stay",
    needs: ["grow"],
    async run(bench) {
      const ref = await bench.poolOfUnits(4);
      const volume = await bench.stampedVolume("data", "kept", ref);
      await assertRefused(bench.driver.grow(ref, matchOf(volume), 5 * bench.unit, call()), "QUOTA_EXCEEDED");
      assertSame(await bench.expect(volume.record.uid, "live", ref), volume);
      await bench.assertBytes(volume, "kept");
      await bench.driver.grow(ref, matchOf(volume), 4 * bench.unit, call());
    },
  },
  {
    name: "quota: a clone counts with its whole size, however little it occupies",
    needs: ["clone"],
    async run(bench) {
      const ref = await bench.poolOfUnits(3);
      const source = await bench.volume("data", {}, ref);
      await bench.clone(source, "copy", { sizeBytes: 2 * bench.unit }, ref);
      await assertRefused(bench.clone(source, "second", {}, ref), "QUOTA_EXCEEDED");
    },
  },
  {
    name: "quota: a snapshot counts where it is a full copy, and only there",
    needs: ["snapshot"],
    async run(bench) {
      const ref = await bench.poolOfUnits(1);
      const source = await bench.volume("data", {}, ref);
      if (bench.harness.capabilities.copyOnWrite) await bench.snapshot(source, "one", ref);
      else await assertRefused(bench.snapshot(source, "one", ref), "QUOTA_EXCEEDED");
    },
  },
  {
    name: "quota: trash still counts, purging it frees the room",
    needs: ["trash"],
    async run(bench) {
      const ref = await bench.poolOfUnits(2);
      const volume = await bench.volume("data", { sizeBytes: 2 * bench.unit }, ref);
      await bench.trash(volume, 1000, ref);
      await assertRefused(bench.volume("next", {}, ref), "QUOTA_EXCEEDED");
      await bench.driver.purge(ref, { uid: volume.record.uid, allowDataLoss: volume.record.uid }, call());
      await bench.volume("next", {}, ref);
    },
  },
  {
    name: "quota: undeleting needs no room, its room was kept",
    needs: ["trash"],
    async run(bench) {
      const ref = await bench.poolOfUnits(1);
      const volume = await bench.stampedVolume("data", "kept", ref);
      await bench.trash(volume, 1000, ref);
      await bench.assertBytes(await bench.undelete(volume, ref), "kept");
    },
  },
  {
    name: "quota: a pool says how much it has promised",
    async run(bench) {
      const ref = await bench.poolOfUnits(4);
      const before = (await bench.list(ref)).pool.capacity.provisionedBytes;
      await bench.volume("data", { sizeBytes: 3 * bench.unit }, ref);
      assert.equal((await bench.list(ref)).pool.capacity.provisionedBytes - before, 3 * bench.unit);
    },
  },
  {
    name: "quota: a pool that may be overcommitted takes that many times its capacity",
    async run(bench) {
      await bench.driver.updatePool(
        bench.ref,
        matchOf(bench.pool),
        { settings: { ...bench.pool.record.settings, capacityBytes: bench.unit, maxOvercommit: 3 } },
        call(),
      );
      for (const name of ["one", "two", "three"]) await bench.volume(name);
      await assertRefused(bench.volume("four"), "QUOTA_EXCEEDED");
    },
  },
];

import assert from "node:assert/strict";
import { newClaim, newUid } from "../../drivers/record";
import { call, matchOf } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused } from "../refusal";
import { assertSame } from "../same";

export const flattenCases: CaseDefinition[] = [
  {
    name: "flatten: a clone has its bytes still when its source has ended, and its record is as it was",
    needs: ["clone", "trash"],
    async run(bench) {
      const source = await bench.stampedVolume("data", "old");
      const clone = await bench.clone(source, "copy");
      const flat = await bench.driver.flatten(bench.ref, matchOf(clone), call());
      assertSame(flat.record, clone.record);
      await bench.stamp(source, "new");
      await bench.trash(source);
      const { uid } = source.record;
      assert.equal(await bench.driver.purge(bench.ref, { uid, allowDataLoss: uid }, call()), true);
      await bench.assertBytes(flat, "old");
      assertSame((await bench.expect(clone.record.uid, "live")).record, clone.record);
    },
  },
  {
    name: "flatten: what is independent stays as it is, and another claim or uid is refused",
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      await bench.driver.flatten(bench.ref, matchOf(volume), call());
      await bench.driver.flatten(bench.ref, matchOf(volume), call());
      await bench.assertBytes(volume, "kept");
      const other = { ...matchOf(volume), claim: newClaim() };
      await assertRefused(bench.driver.flatten(bench.ref, other, call()), "CONFLICT");
      const absent = { ...matchOf(volume), uid: newUid() };
      await assertRefused(bench.driver.flatten(bench.ref, absent, call()), "NOT_FOUND");
    },
  },
];

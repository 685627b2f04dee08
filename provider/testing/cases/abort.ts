import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { call, poolInputs } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused, endingOf } from "../refusal";
import { assertSame } from "../same";
import { everyCall, subjectIn } from "./everyCall";

export const abortCases: CaseDefinition[] = [
  ...everyCall.map(
    ([method, make]): CaseDefinition => ({
      name: `abort: ${method} with a signal that is aborted already is CANCELLED and changes nothing`,
      async run(bench) {
        const subject = await subjectIn(bench);
        const before = [await bench.contents(), await bench.policies()];
        await assertRefused(make(bench.driver, bench.ref, subject, call(AbortSignal.abort())), "CANCELLED");
        assertSame([await bench.contents(), await bench.policies()], before);
        assertSame((await bench.driver.readPool(bench.ref, call()))?.record, bench.pool.record);
        await bench.assertBytes(subject.volume, "kept");
      },
    }),
  ),
  {
    name: "abort: createPool, listPools and prospect with a signal that is aborted already are CANCELLED",
    async run(bench) {
      const inputs = poolInputs({});
      const aborted = call(AbortSignal.abort());
      await assertRefused(bench.driver.createPool(inputs, aborted), "CANCELLED");
      await assertRefused(bench.driver.listPools(aborted), "CANCELLED");
      await assertRefused(bench.driver.prospect(inputs.name, aborted), "CANCELLED");
      assert.equal(await bench.driver.readPool({ name: inputs.name }, call()), undefined);
    },
  },
  {
    name: "abort: during a create, at any moment, the object is there whole or not at all, and the create can be repeated",
    async run(bench) {
      for (let turns = 0; turns < 12; turns++) {
        const inputs = bench.volumeInputs(`data-${turns}`);
        const abort = new AbortController();
        const create = endingOf(bench.driver.create(bench.ref, inputs, call(abort.signal)));
        for (let turn = 0; turn < turns; turn++) await nextTurn();
        abort.abort();
        const ending = await create;
        const live = await bench.named(inputs.name);
        if (ending.value) assert.equal(live.length, 1, "a create that answered has made it");
        else if (ending.error.outcome === "not-applied")
          assert.equal(live.length, 0, "an aborted create leaves nothing under the name");
        const again = await endingOf(bench.driver.create(bench.ref, inputs, call()));
        if (again.error) assert.equal(again.error.code, "ALREADY_EXISTS");
        assert.equal((await bench.expect(inputs.uid, "live")).health, "ready");
      }
    },
  },
  {
    name: "abort: an object that another instance has seen is never undone",
    async run(bench) {
      const other = await bench.another();
      for (let round = 0; round < 5; round++) {
        const inputs = bench.volumeInputs(`data-${round}`);
        const abort = new AbortController();
        const create = endingOf(bench.driver.create(bench.ref, inputs, call(abort.signal)));
        const seen = await watchFor(create, () => bench.named(inputs.name, bench.ref, other));
        if (seen) await bench.stamp(seen, "used at once");
        abort.abort();
        await create;
        const live = await bench.expect(inputs.uid, "live");
        if (seen) await bench.assertBytes(live, "used at once");
      }
    },
  },
  {
    name: "abort: during a clone nothing is visible under its name before it is whole",
    needs: ["clone"],
    async run(bench) {
      const source = await bench.stampedVolume("source", "whole");
      const other = await bench.another();
      const create = endingOf(
        bench.driver.create(bench.ref, bench.volumeInputs("copy", { sourceUid: source.record.uid }), call()),
      );
      const seen = await watchFor(create, () => bench.named("copy", bench.ref, other));
      if (seen) await bench.assertBytes(seen, "whole");
      assert.ok((await create).value);
    },
  },
];

/** Looks again and again until something is seen, or what makes it has ended. */
async function watchFor<Seen>(making: Promise<unknown>, look: () => Promise<Seen[]>): Promise<Seen | undefined> {
  let ended = false;
  void making.then(() => {
    ended = true;
  });
  while (!ended) {
    const [seen] = await look();
    if (seen !== undefined) return seen;
    await nextTurn();
  }
  return undefined;
}

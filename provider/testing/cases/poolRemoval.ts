import assert from "node:assert/strict";
import { newClaim } from "../../drivers/record";
import { call, hourMs, matchOf, poolInputs, refOf } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused, endingOf } from "../refusal";

export const poolRemovalCases: CaseDefinition[] = [
  {
    name: "pool removal: an empty one is removed, and its name makes another identity",
    async run(bench) {
      assert.equal(await bench.driver.removePool(bench.ref, matchOf(bench.pool), call()), "removed");
      assert.equal(await bench.driver.readPool({ name: bench.ref.name }, call()), undefined);
      const next = await bench.newPool({ name: bench.ref.name });
      assert.notEqual(next.record.identity, bench.pool.record.identity);
      await assertRefused(bench.driver.readPool(bench.ref, call()), "PRECONDITION_FAILED");
      assert.equal((await bench.contents(refOf(next))).length, 0);
    },
  },
  {
    name: "pool removal: of one that was never seen here is UNAVAILABLE, since its disk may be away",
    async run(bench) {
      const { name, uid, claim } = poolInputs({});
      await assertRefused(bench.driver.removePool({ name }, { uid, claim }, call()), "UNAVAILABLE");
      await assertRefused(bench.driver.removePool({ name, identity: uid }, { uid, claim }, call()), "UNAVAILABLE");
    },
  },
  {
    name: "pool removal: repeated after a lost reply it is gone where that can be proven, and UNAVAILABLE elsewhere",
    async run(bench) {
      await bench.driver.removePool(bench.ref, matchOf(bench.pool), call());
      const again = await endingOf((await bench.another()).removePool(bench.ref, matchOf(bench.pool), call()));
      assert.ok(
        again.value === "gone" || again.error?.code === "UNAVAILABLE",
        `got ${again.value ?? again.error.code}`,
      );
    },
  },
  {
    name: "pool removal: with live objects it is IN_USE and nothing is lost",
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      await assertRefused(bench.driver.removePool(bench.ref, matchOf(bench.pool), call()), "IN_USE");
      assert.equal((await bench.driver.readPool(bench.ref, call()))?.record.retiredAt, undefined);
      await bench.expect(volume.record.uid, "live");
      await bench.assertBytes(volume, "kept");
    },
  },
  {
    name: "pool removal: with only trash it is retired, comes back by an update, and so do the bytes",
    needs: ["trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      await bench.trash(volume);
      assert.equal(await bench.driver.removePool(bench.ref, matchOf(bench.pool), call()), "retired");
      const retired = await bench.driver.readPool(bench.ref, call());
      assert.ok(retired?.record.retiredAt, "a retired pool says since when");
      assert.equal(retired.record.identity, bench.ref.identity);
      await assertRefused(bench.driver.createPool(poolInputs({ name: bench.ref.name }), call()), "ALREADY_EXISTS");
      await bench.expect(volume.record.uid, "trashed");
      const back = await bench.driver.updatePool(
        bench.ref,
        matchOf(bench.pool),
        { retiredAt: undefined, claim: newClaim() },
        call(),
      );
      assert.equal(back.record.retiredAt, undefined);
      await bench.assertBytes(await bench.undelete(volume), "kept");
    },
  },
  {
    name: "pool removal: a retired one stays retired through an update that does not bring it back, and takes no new objects",
    needs: ["trash"],
    async run(bench) {
      await bench.trash(await bench.volume("data"));
      await bench.driver.removePool(bench.ref, matchOf(bench.pool), call());
      const updated = await bench.driver.updatePool(bench.ref, matchOf(bench.pool), { labels: { a: "b" } }, call());
      assert.ok(updated.record.retiredAt, "still retired");
      await assertRefused(bench.volume("next"), "PRECONDITION_FAILED");
      assert.equal((await bench.named("next")).length, 0);
    },
  },
  {
    name: "pool removal: a retired one is removed when its trash has ended, by then or when asked again, not before",
    needs: ["trash"],
    async run(bench) {
      const trashed = await bench.trash(await bench.volume("data"), 1000);
      for (let round = 0; round < 2; round++) {
        assert.equal(await bench.driver.removePool(bench.ref, matchOf(bench.pool), call()), "retired");
      }
      await bench.harness.clock.advance(hourMs);
      assert.equal(await bench.driver.purge(bench.ref, { uid: trashed.record.uid }, call()), true);
      const removal = await bench.driver.removePool(bench.ref, matchOf(bench.pool), call());
      assert.ok(removal === "removed" || removal === "gone", `it is ${removal}`);
      assert.equal(await bench.driver.readPool({ name: bench.ref.name }, call()), undefined);
      await bench.newPool({ name: bench.ref.name });
    },
  },
];

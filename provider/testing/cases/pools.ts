import assert from "node:assert/strict";
import { newClaim } from "../../drivers/record";
import { poolCapabilities } from "../../model/pool";
import { call, matchOf, poolInputs, refOf, settingsWith } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused, endingOf } from "../refusal";
import { assertSame } from "../same";

export const poolCases: CaseDefinition[] = [
  {
    name: "pool: one that was never made reads as undefined",
    async run(bench) {
      assert.equal(await bench.driver.readPool({ name: poolInputs({}).name }, call()), undefined);
    },
  },
  {
    name: "pool: a new one reads back as it was made, from another instance too",
    async run(bench) {
      const inputs = poolInputs({
        labels: { team: "grün" },
        stackId: "stack-1",
        settings: settingsWith({ capacityBytes: 8 * bench.unit }),
      });
      const made = await bench.driver.createPool(inputs, call());
      const read = await (await bench.another()).readPool({ name: inputs.name }, call());
      assertSame(read?.record, made.record);
      const { name, uid, claim, owner, requested, labels, stackId, settings } = made.record;
      assertSame({ name, uid, claim, owner, requested, labels, stackId, settings }, inputs);
      assert.equal(made.record.createdBy, call().actor.by);
      assert.ok(made.record.identity.length > 0, "a pool has an identity");
      const again = await bench.driver.readPool(refOf(made), call());
      assertSame(again?.record, made.record, "the identity it was made with opens it");
    },
  },
  {
    name: "pool: it says what it can do, and that is the truth",
    async run(bench) {
      const { copyOnWrite, onlineSnapshot, trash } = bench.pool.record.capabilities;
      const expected = bench.harness.capabilities;
      assertSame(
        { copyOnWrite, onlineSnapshot, trash },
        { copyOnWrite: expected.copyOnWrite, onlineSnapshot: expected.onlineSnapshot, trash: expected.trash },
      );
    },
  },
  {
    name: "pool: prospect tells the room that a new one would have, and makes nothing",
    async run(bench) {
      const inputs = poolInputs({});
      // Records alone: the free space of a real disk changes by itself
      const records = async () => (await bench.driver.listPools(call())).map((pool) => pool.record);
      const before = await records();
      const prospect = await bench.driver.prospect(inputs.name, call());
      assertSame(await records(), before);
      assert.equal(await bench.driver.readPool({ name: inputs.name }, call()), undefined);
      assert.equal(prospect.provisionedBytes, 0);
      assert.ok(prospect.freeBytes > 0 && prospect.freeBytes <= prospect.totalBytes, "there is room to test in");
      const { capacity } = await bench.driver.createPool(inputs, call());
      assertSame([capacity.totalBytes, capacity.provisionedBytes], [prospect.totalBytes, 0]);
    },
  },
  {
    name: "pool: what prospect tells that a new one could do is the truth, and all of it where it tells what every pool does",
    async run(bench) {
      const inputs = poolInputs({});
      const { capabilities: told = {} } = await bench.driver.prospect(inputs.name, call());
      const { capabilities } = (await bench.driver.createPool(inputs, call())).record;
      for (const [key, can] of Object.entries(told)) assertSame(capabilities[key], can, key);
      if (poolCapabilities.safeParse(told).success) assertSame(told, capabilities);
    },
  },
  {
    name: "pool: listPools has those that exist and no other",
    async run(bench) {
      const second = await bench.newPool();
      const names = async () => (await bench.driver.listPools(call())).map((pool) => pool.record.name);
      const both = await names();
      assert.ok(both.includes(bench.ref.name) && both.includes(second.record.name), "both pools are listed");
      await bench.driver.removePool(refOf(second), matchOf(second), call());
      const left = await names();
      assert.ok(left.includes(bench.ref.name) && !left.includes(second.record.name), "the removed pool is not listed");
    },
  },
  {
    name: "pool: a taken name is ALREADY_EXISTS and leaves the pool that has it untouched",
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      await assertRefused(
        bench.driver.createPool(poolInputs({ name: bench.ref.name, labels: { other: "one" } }), call()),
        "ALREADY_EXISTS",
      );
      assertSame((await bench.driver.readPool(bench.ref, call()))?.record, bench.pool.record);
      assertSame(
        (await bench.contents()).map((object) => object.record),
        [volume.record],
      );
      await bench.assertBytes(volume, "kept");
    },
  },
  {
    name: "pool: the same one made again after a lost reply is never a second one",
    async run(bench) {
      const inputs = poolInputs({});
      const made = await bench.driver.createPool(inputs, call());
      const volume = await bench.stampedVolume("data", "kept", refOf(made));
      const again = await endingOf((await bench.another()).createPool(inputs, call()));
      if (again.error) assert.equal(again.error.code, "ALREADY_EXISTS");
      else assert.equal(again.value.record.identity, made.record.identity);
      await bench.expect(volume.record.uid, "live", refOf(made));
      await bench.assertBytes(volume, "kept");
    },
  },
  {
    name: "pool: of two instances making one at the same time exactly one succeeds",
    async run(bench) {
      const other = await bench.another();
      for (let round = 0; round < 5; round++) {
        const name = poolInputs({}).name;
        const endings = await Promise.all(
          [bench.driver, other].map((driver) => endingOf(driver.createPool(poolInputs({ name }), call()))),
        );
        const won = endings.flatMap((ending) => ending.value ?? []);
        assert.equal(won.length, 1, "one pool is made");
        for (const { error } of endings) if (error) assert.equal(error.code, "ALREADY_EXISTS");
        assert.equal((await other.readPool({ name }, call()))?.record.uid, won[0]?.record.uid);
      }
    },
  },
  {
    name: "pool: none is made where something of somebody else's is",
    hooks: ["plantForeign"],
    async run(bench) {
      const inputs = poolInputs({});
      await bench.harness.plantForeign?.(inputs.name);
      await assertRefused(bench.driver.createPool(inputs, call()), "ALREADY_EXISTS");
      assert.equal(await bench.driver.readPool({ name: inputs.name }, call()), undefined);
    },
  },
  {
    name: "pool: two pools share neither names nor objects",
    async run(bench) {
      const second = refOf(await bench.newPool());
      const here = await bench.stampedVolume("data", "here");
      const there = await bench.stampedVolume("data", "there", second);
      assertSame(
        (await bench.contents()).map((object) => object.record.uid),
        [here.record.uid],
      );
      assertSame(
        (await bench.contents(second)).map((object) => object.record.uid),
        [there.record.uid],
      );
      await assertRefused(bench.driver.update(second, matchOf(here), { labels: { a: "b" } }, call()), "NOT_FOUND");
      await bench.assertBytes(here, "here");
      await bench.assertBytes(there, "there");
    },
  },
  {
    name: "pool: an update replaces the fields that are given and no other",
    async run(bench) {
      const settings = settingsWith({ capacityBytes: 4 * bench.unit, trashRetentionMs: 5000 });
      const updated = await bench.driver.updatePool(
        bench.ref,
        matchOf(bench.pool),
        { labels: { a: "ü" }, settings },
        call(),
      );
      const { revision, ...record } = bench.pool.record;
      assertSame(updated.record, { ...record, labels: { a: "ü" }, settings, revision: updated.record.revision });
      assert.ok(updated.record.revision > revision, "the revision counts up");
      assertSame((await (await bench.another()).readPool(bench.ref, call()))?.record, updated.record);
    },
  },
  {
    name: "pool: an update or removal with another claim, uid or revision is CONFLICT and changes nothing",
    async run(bench) {
      const { uid, claim, revision } = bench.pool.record;
      for (const match of [
        { uid, claim: newClaim() },
        { uid: poolInputs({}).uid, claim },
        { uid, claim, revision: revision + 1 },
      ]) {
        await assertRefused(bench.driver.updatePool(bench.ref, match, { labels: { a: "b" } }, call()), "CONFLICT");
        await assertRefused(bench.driver.removePool(bench.ref, match, call()), "CONFLICT");
      }
      assertSame((await bench.driver.readPool(bench.ref, call()))?.record, bench.pool.record);
    },
  },
  {
    name: "pool: after a take-over the claim before it can neither change nor remove it",
    async run(bench) {
      const taken = await bench.driver.updatePool(
        bench.ref,
        matchOf(bench.pool),
        { claim: newClaim(), owner: "someone/else" },
        call(),
      );
      await assertRefused(
        bench.driver.updatePool(bench.ref, matchOf(bench.pool), { labels: { a: "b" } }, call()),
        "CONFLICT",
      );
      await assertRefused(bench.driver.removePool(bench.ref, matchOf(bench.pool), call()), "CONFLICT");
      assertSame((await bench.driver.readPool(bench.ref, call()))?.record, taken.record);
    },
  },
];

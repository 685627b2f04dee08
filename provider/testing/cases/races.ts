import assert from "node:assert/strict";
import { newClaim, newUid } from "../../drivers/record";
import { call, matchOf } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { endingOf } from "../refusal";
import { assertSame } from "../same";

const rounds = 10;

/** What two processes do at the same time comes out as if they had done it one after the other. */
export const raceCases: CaseDefinition[] = [
  {
    name: "race: of two instances creating one name exactly one succeeds, and what it made stays",
    async run(bench) {
      const drivers = [bench.driver, await bench.another()];
      for (let round = 0; round < rounds; round++) {
        const name = `data-${round}`;
        const endings = await Promise.all(
          drivers.map((driver) => endingOf(driver.create(bench.ref, bench.volumeInputs(name), call()))),
        );
        const won = endings.flatMap((ending) => ending.value ?? []);
        assert.equal(won.length, 1, "one of two creates of one name succeeds");
        for (const { error } of endings) if (error) assert.equal(error.code, "ALREADY_EXISTS");
        assertSame(
          (await bench.named(name)).map((object) => object.record),
          won.map((object) => object.record),
        );
      }
    },
  },
  {
    name: "race: of two instances taking one slot of a policy under two names exactly one succeeds",
    needs: ["snapshot"],
    async run(bench) {
      const drivers = [bench.driver, await bench.another()];
      const volume = await bench.volume("data");
      const policy = newUid();
      for (let round = 0; round < rounds; round++) {
        const taken = { policy, slot: `20310101t0${round}0000z` };
        const endings = await Promise.all(
          drivers.map((driver, which) => {
            const inputs = bench.snapshotInputs(volume, `name-${which}-${round}`, { taken });
            return endingOf(driver.create(bench.ref, inputs, call()));
          }),
        );
        const said = endings.map(({ error }) => error?.message ?? "made").join("; ");
        assert.equal(endings.filter((ending) => ending.value).length, 1, `one of two of one slot succeeds: ${said}`);
        for (const { error } of endings) if (error) assert.equal(error.code, "ALREADY_EXISTS");
      }
      assert.equal((await bench.contents()).length, 1 + rounds);
    },
  },
  {
    name: "race: of many instances creating different names all succeed and all are there",
    async run(bench) {
      const drivers = [bench.driver, await bench.another(), await bench.another()];
      const names = drivers.map((_, which) => Array.from({ length: 10 }, (_, index) => `data-${which}-${index}`));
      await Promise.all(
        drivers.flatMap((driver, which) =>
          names[which]?.map((name) => driver.create(bench.ref, bench.volumeInputs(name), call())),
        ),
      );
      assertSame((await bench.contents()).map((object) => object.record.name).sort(), names.flat().sort());
    },
  },
  {
    name: "race: one uid created by two instances at the same time is one object",
    async run(bench) {
      const drivers = [bench.driver, await bench.another()];
      for (let round = 0; round < rounds; round++) {
        const inputs = bench.volumeInputs(`data-${round}`);
        const endings = await Promise.all(drivers.map((driver) => endingOf(driver.create(bench.ref, inputs, call()))));
        assert.ok(
          endings.some((ending) => ending.value),
          "one of them succeeds",
        );
        for (const { error } of endings) if (error) assert.equal(error.code, "ALREADY_EXISTS");
        await bench.expect(inputs.uid, "live");
      }
      assert.equal((await bench.contents()).length, rounds);
    },
  },
  {
    name: "race: of two updates of one revision exactly one succeeds and the other is CONFLICT",
    async run(bench) {
      const drivers = [bench.driver, await bench.another()];
      let { record } = await bench.volume("data");
      for (let round = 0; round < rounds; round++) {
        const match = { uid: record.uid, claim: record.claim, revision: record.revision };
        const endings = await Promise.all(
          drivers.map((driver, index) =>
            endingOf(driver.update(bench.ref, match, { labels: { by: `${round}-${index}` } }, call())),
          ),
        );
        const won = endings.flatMap((ending) => ending.value ?? []);
        assert.equal(won.length, 1, "one of two updates of one revision succeeds");
        for (const { error } of endings) if (error) assert.equal(error.code, "CONFLICT");
        record = (await bench.expect(record.uid, "live")).record;
        assertSame(record, won[0]?.record);
      }
    },
  },
  {
    name: "race: of two take-overs with one claim exactly one succeeds",
    async run(bench) {
      const drivers = [bench.driver, await bench.another()];
      const volume = await bench.volume("data");
      const endings = await Promise.all(
        drivers.map((driver) => endingOf(driver.update(bench.ref, matchOf(volume), { claim: newClaim() }, call()))),
      );
      const won = endings.flatMap((ending) => ending.value ?? []);
      assert.equal(won.length, 1, "one of two take-overs succeeds");
      assert.equal((await bench.expect(volume.record.uid, "live")).record.claim, won[0]?.record.claim);
    },
  },
  {
    name: "race: two grows end at the larger size",
    needs: ["grow"],
    async run(bench) {
      const drivers = [bench.driver, await bench.another()];
      const volume = await bench.stampedVolume("data", "kept");
      const [large, small] = await Promise.all(
        drivers.map((driver, index) =>
          endingOf(driver.grow(bench.ref, matchOf(volume), (3 - index) * bench.unit, call())),
        ),
      );
      assert.ok(large?.value, "the larger size is never refused");
      if (small?.error) assert.equal(small.error.code, "PRECONDITION_FAILED");
      const grown = await bench.expect(volume.record.uid, "live");
      assert.equal(grown.record.sizeBytes, 3 * bench.unit);
      assert.ok(grown.actualSizeBytes >= 3 * bench.unit);
      await bench.assertBytes(grown, "kept");
    },
  },
  {
    name: "race: a pool is not promised twice: creates beyond its room are QUOTA_EXCEEDED",
    async run(bench) {
      const ref = await bench.poolOfUnits(3);
      const drivers = [bench.driver, await bench.another()];
      const endings = await Promise.all(
        drivers.flatMap((driver, which) =>
          [0, 1, 2, 3].map((index) =>
            endingOf(driver.create(ref, bench.volumeInputs(`data-${which}-${index}`), call())),
          ),
        ),
      );
      assert.equal(endings.filter((ending) => ending.value).length, 3, "as many as fit");
      for (const { error } of endings) if (error) assert.equal(error.code, "QUOTA_EXCEEDED");
      assert.equal((await bench.contents(ref)).length, 3);
    },
  },
  {
    name: "race: of two undeletes of one object exactly one succeeds",
    needs: ["trash"],
    async run(bench) {
      const drivers = [bench.driver, await bench.another()];
      const volume = await bench.stampedVolume("data", "kept");
      await bench.trash(volume);
      const endings = await Promise.all(
        drivers.map((driver) =>
          endingOf(driver.undelete(bench.ref, { uid: volume.record.uid, claim: newClaim() }, call())),
        ),
      );
      const won = endings.flatMap((ending) => ending.value ?? []);
      assert.equal(won.length, 1, "one of two undeletes succeeds");
      const live = await bench.expect(volume.record.uid, "live");
      assert.equal(live.record.claim, won[0]?.record.claim);
      await bench.assertBytes(live, "kept");
    },
  },
  {
    name: "race: a trash and a take-over at the same time leave the object live with its new holder, or trashed",
    needs: ["trash"],
    async run(bench) {
      const other = await bench.another();
      for (let round = 0; round < rounds; round++) {
        const volume = await bench.volume(`data-${round}`);
        const [trashed, taken] = await Promise.all([
          endingOf(bench.driver.trash(bench.ref, matchOf(volume), 1000, call())),
          endingOf(other.update(bench.ref, matchOf(volume), { claim: newClaim() }, call())),
        ]);
        assert.equal([trashed.value, taken.value].filter(Boolean).length, 1, "one of them succeeds");
        await bench.expect(volume.record.uid, taken.value ? "live" : "trashed");
      }
    },
  },
];

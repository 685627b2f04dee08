import assert from "node:assert/strict";
import { newClaim, newUid } from "../../drivers/record";
import { call } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused, endingOf } from "../refusal";
import { assertSame } from "../same";

const hostileNames = ["", ".", "..", "../x", "a/b", "/etc/passwd", "a\0b", "a\nb", "-rf", "x".repeat(300), "Ünïcode"];

export const createCases: CaseDefinition[] = [
  {
    name: "create: a new volume reads back as asked for, from another instance too",
    async run(bench) {
      const inputs = bench.volumeInputs("data", {
        labels: { team: "storage" },
        stackId: "stack-1",
        requested: { size: "1MiB", deep: { list: [1, null, "ü"] } },
      });
      const made = await bench.driver.create(bench.ref, inputs, call());
      const { kind, name, uid, claim, owner, stackId, requested, labels, protection, sizeBytes } = made.record;
      assertSame({ kind, name, uid, claim, owner, stackId, requested, labels, protection, sizeBytes }, inputs);
      assert.equal(made.phase, "live");
      assert.equal(made.health, "ready");
      assert.ok(made.actualSizeBytes >= bench.unit, "a backend may round up, never down");
      assert.ok(made.connection, "a live volume says how it is reached");
      assert.equal(made.record.poolIdentity, bench.ref.identity);
      assertSame(await bench.find(uid, bench.ref, await bench.another()), made);
    },
  },
  {
    name: "create: the record says who made it, and when by the backend's clock",
    async run(bench) {
      const { record } = await bench.volume("data");
      assert.equal(record.createdBy, call().actor.by);
      assert.equal(new Date(record.createdAt).toISOString(), record.createdAt);
      assert.ok(Date.parse(record.createdAt) <= (await bench.list()).at, "made before it was listed");
    },
  },
  {
    name: "create: a new volume reads as zeros, and keeps what is written",
    async run(bench) {
      const volume = await bench.volume("data");
      for (const offset of [0, bench.unit / 2, bench.unit - 4096]) await bench.assertZeros(volume, offset);
      await bench.stamp(volume, "written");
      await bench.assertBytes(volume, "written");
    },
  },
  {
    name: "create: a protected volume is protected from the first moment",
    async run(bench) {
      assert.equal((await bench.volume("data", { protection: true })).record.protection, true);
    },
  },
  {
    name: "create: a taken name is ALREADY_EXISTS and leaves the object that has it untouched, bytes included",
    async run(bench) {
      const first = await bench.stampedVolume("data", "first");
      await assertRefused(bench.volume("data", { labels: { second: "yes" } }), "ALREADY_EXISTS");
      await assertRefused(
        (await bench.another()).create(bench.ref, bench.volumeInputs("data", { sizeBytes: 2 * bench.unit }), call()),
        "ALREADY_EXISTS",
      );
      assertSame(
        (await bench.contents()).map((object) => object.record),
        [first.record],
      );
      await bench.assertBytes(first, "first");
    },
  },
  {
    name: "create: the same uid again after a lost reply neither makes a second object nor empties the first",
    async run(bench) {
      const inputs = bench.volumeInputs("data");
      const first = await bench.driver.create(bench.ref, inputs, call());
      await bench.stamp(first, "written since");
      const again = await endingOf((await bench.another()).create(bench.ref, inputs, call()));
      if (again.error) assert.equal(again.error.code, "ALREADY_EXISTS");
      else assert.equal(again.value.record.uid, first.record.uid);
      assert.equal((await bench.contents()).length, 1, "one object, not two");
      await bench.assertBytes(await bench.expect(inputs.uid, "live"), "written since");
    },
  },
  {
    name: "create: a uid that is taken makes nothing under another name",
    async run(bench) {
      const first = await bench.stampedVolume("data", "first");
      await assertRefused(bench.volume("other", { uid: first.record.uid }), "ALREADY_EXISTS");
      assertSame(
        (await bench.contents()).map((object) => object.record.name),
        ["data"],
      );
      await bench.assertBytes(first, "first");
    },
  },
  {
    name: "create: a late repeat of a create does not bring back what was trashed meanwhile",
    needs: ["trash"],
    async run(bench) {
      const inputs = bench.volumeInputs("data");
      const first = await bench.driver.create(bench.ref, inputs, call());
      await bench.stamp(first, "kept");
      await bench.trash(first);
      await assertRefused(
        bench.driver.create(bench.ref, inputs, call()),
        "ALREADY_EXISTS",
        "CONFLICT",
        "PRECONDITION_FAILED",
      );
      await bench.expect(inputs.uid, "trashed");
      await bench.assertBytes(await bench.undelete(first), "kept");
    },
  },
  {
    name: "create: names and uids that could be paths, options or too long are INVALID_ARGUMENT and make nothing",
    async run(bench) {
      for (const name of hostileNames) await assertRefused(bench.volume(name), "INVALID_ARGUMENT");
      for (const uid of ["", "..", "../x", "a/b", "x".repeat(300)])
        await assertRefused(bench.volume("data", { uid }), "INVALID_ARGUMENT");
      for (const name of hostileNames) {
        await assertRefused(bench.newPool({ name }), "INVALID_ARGUMENT");
        await assertRefused(bench.driver.prospect(name, call()), "INVALID_ARGUMENT");
      }
      assert.equal((await bench.contents()).length, 0);
    },
  },
  {
    name: "create: names of the greatest length work, for volumes and their snapshots",
    needs: ["snapshot"],
    async run(bench) {
      const name = `a${"b".repeat(61)}c`;
      const volume = await bench.volume(name);
      const snapshot = await bench.snapshot(volume, `d${"e".repeat(61)}f`);
      assertSame(
        (await bench.contents()).map((object) => object.record.name).sort(),
        [name, snapshot.record.name].sort(),
      );
    },
  },
  {
    name: "create: what a caller does to an object it was given changes nothing that is stored",
    async run(bench) {
      const labels = { a: "1" };
      const volume = await bench.volume("data", { labels });
      labels.a = "2";
      volume.record.labels.a = "3";
      volume.record.claim = newClaim();
      const listed = await bench.expect(volume.record.uid, "live");
      assertSame(listed.record.labels, { a: "1" });
      listed.record.labels.a = "4";
      assertSame((await bench.expect(volume.record.uid, "live")).record.labels, { a: "1" });
    },
  },
  {
    name: "create: a size that is not a whole number of bytes is INVALID_ARGUMENT",
    async run(bench) {
      for (const sizeBytes of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
        await assertRefused(bench.volume("data", { sizeBytes }), "INVALID_ARGUMENT");
      assert.equal((await bench.contents()).length, 0);
    },
  },
  {
    name: "create: a volume of a source that does not exist is NOT_FOUND and makes nothing",
    needs: ["clone"],
    async run(bench) {
      await assertRefused(bench.volume("data", { sourceUid: newUid() }), "NOT_FOUND");
      assert.equal((await bench.contents()).length, 0);
    },
  },
];

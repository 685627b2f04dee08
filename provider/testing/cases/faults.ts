import assert from "node:assert/strict";
import { call, hourMs, matchOf } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused, endingOf } from "../refusal";
import { assertSame } from "../same";

export const faultCases: CaseDefinition[] = [
  {
    name: "fault: a list that fails half-way throws, and never returns less than there is",
    hooks: ["breakLists"],
    async run(bench) {
      for (let index = 0; index < 30; index++) await bench.volume(`data-${index}`);
      const before = await bench.contents();
      const release = await bench.harness.breakLists?.(bench.pool);
      // A new instance: one that has read before may still know everything, and then a whole list is right
      const broken = await endingOf(bench.list(bench.ref, await bench.another()));
      assert.ok(
        broken.error,
        `a list that could not be finished returned ${broken.value?.objects.length} of ${before.length} objects`,
      );
      await release?.();
      assertSame(await bench.contents(), before);
    },
  },
  {
    name: "fault: an object whose bytes are gone is listed as missing, keeps its name, and can be told from one that never was",
    hooks: ["removeBehindBack"],
    async run(bench) {
      const kept = await bench.stampedVolume("kept", "kept");
      const lost = await bench.volume("lost");
      await bench.harness.removeBehindBack?.(bench.pool, lost.record.uid);
      for (const driver of [bench.driver, await bench.another()]) {
        const found = await bench.find(lost.record.uid, bench.ref, driver);
        assert.equal(found?.health, "missing");
        assert.ok(found.problem, "it says why");
        assertSame(found.record, lost.record);
      }
      await assertRefused(bench.volume("lost"), "ALREADY_EXISTS");
      assert.equal((await bench.expect(kept.record.uid, "live")).health, "ready");
    },
  },
  {
    name: "fault: missing bytes are neither cloned, snapshotted, grown nor made up, and a repair does not forget them",
    hooks: ["removeBehindBack"],
    needs: ["snapshot", "clone", "grow"],
    async run(bench) {
      const lost = await bench.volume("lost");
      await bench.harness.removeBehindBack?.(bench.pool, lost.record.uid);
      for (const attempt of [
        () => bench.clone(lost, "copy"),
        () => bench.snapshot(lost, "one"),
        () => bench.driver.grow(bench.ref, matchOf(lost), 2 * bench.unit, call()),
      ]) {
        assert.ok((await endingOf(attempt())).error, "nothing is made of bytes that are not there");
      }
      const findings = await bench.driver.fsck(bench.ref, { repair: true }, call());
      assert.ok(
        findings.some((finding) => finding.object.includes(lost.record.uid)),
        "fsck reports it",
      );
      assertSame(
        (await bench.contents()).map((object) => [object.record.uid, object.health]),
        [[lost.record.uid, "missing"]],
      );
    },
  },
  {
    name: "fault: an object whose bytes are gone can be deleted",
    hooks: ["removeBehindBack"],
    needs: ["trash"],
    async run(bench) {
      const lost = await bench.volume("lost");
      await bench.harness.removeBehindBack?.(bench.pool, lost.record.uid);
      await bench.trash(lost);
      await bench.volume("lost");
    },
  },
  {
    name: "fault: fields of newer versions in a record survive an update, a grow, the trash and the way back",
    hooks: ["editRecord"],
    needs: ["grow", "trash"],
    async run(bench) {
      const volume = await bench.volume("data");
      const later = { list: [1, { deep: "ü" }], flag: true };
      await bench.harness.editRecord?.(bench.pool, volume.record.uid, (record) => Object.assign(record, { later }));
      await bench.driver.update(bench.ref, matchOf(volume), { labels: { a: "b" } }, call());
      await bench.driver.grow(bench.ref, matchOf(volume), 2 * bench.unit, call());
      await bench.trash(volume);
      const back = await bench.undelete(volume);
      assertSame((back.record as Record<string, unknown>).later, later);
    },
  },
  {
    name: "fault: a record of a newer format may be listed and is never written",
    hooks: ["editRecord"],
    needs: ["grow", "trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      await bench.harness.editRecord?.(bench.pool, volume.record.uid, (record) =>
        Object.assign(record, { formatVersion: 99 }),
      );
      const listing = await bench.list();
      const known = [
        ...listing.objects.map((object) => object.record.uid),
        ...listing.damaged.map((record) => record.uid),
      ];
      assertSame(known, [volume.record.uid], "it is listed, whole or as damaged");
      for (const attempt of [
        () => bench.driver.update(bench.ref, matchOf(volume), { labels: { a: "b" } }, call()),
        () => bench.driver.grow(bench.ref, matchOf(volume), 2 * bench.unit, call()),
        () => bench.driver.trash(bench.ref, matchOf(volume), hourMs, call()),
      ]) {
        assert.ok((await endingOf(attempt())).error, "what this version does not know it leaves alone");
      }
      await bench.harness.editRecord?.(bench.pool, volume.record.uid, (record) =>
        assertSame(record, { ...volume.record, formatVersion: 99 }),
      );
      await bench.assertBytes(volume, "kept");
    },
  },
  {
    name: "fault: a record that cannot be read is listed as damaged, and its name and uid are not free",
    hooks: ["editRecord"],
    async run(bench) {
      const kept = await bench.volume("kept");
      const volume = await bench.stampedVolume("data", "kept");
      await bench.harness.editRecord?.(bench.pool, volume.record.uid, (record) => {
        record.claim = 5;
        record.labels = "nonsense";
      });
      const { objects, damaged } = await bench.list();
      assertSame(
        objects.map((object) => object.record),
        [kept.record],
        "the others are listed as before",
      );
      assertSame(
        damaged.map((record) => record.uid),
        [volume.record.uid],
      );
      assert.ok(damaged[0]?.problem, "it says what is wrong");
      if (damaged[0].name !== undefined) await assertRefused(bench.volume("data"), "ALREADY_EXISTS");
      await assertRefused(bench.volume("other", { uid: volume.record.uid }), "ALREADY_EXISTS");
      assert.ok(
        (await endingOf(bench.driver.trash(bench.ref, matchOf(volume), hourMs, call()))).error,
        "it is not taken for gone",
      );
      await assertRefused(bench.driver.removePool(bench.ref, matchOf(bench.pool), call()), "IN_USE");
      await bench.assertBytes(volume, "kept");
    },
  },
  {
    name: "fsck: a healthy pool has no findings, and a repair changes nothing",
    needs: ["snapshot", "clone", "trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      const snapshot = await bench.snapshot(volume, "one");
      await bench.clone(snapshot, "copy");
      await bench.trash(await bench.volume("gone"));
      const before = await bench.contents();
      for (const repair of [false, true]) assertSame(await bench.driver.fsck(bench.ref, { repair }, call()), []);
      assertSame(await bench.contents(), before);
      await bench.assertBytes(volume, "kept");
    },
  },
  {
    name: "fsck: without repair it says what is wrong and changes nothing",
    hooks: ["removeBehindBack"],
    async run(bench) {
      const lost = await bench.volume("lost");
      await bench.harness.removeBehindBack?.(bench.pool, lost.record.uid);
      const before = await bench.contents();
      const findings = await bench.driver.fsck(bench.ref, { repair: false }, call());
      assert.ok(
        findings.length > 0 && findings.every((finding) => !finding.repaired && finding.message),
        "found, not repaired",
      );
      assertSame(await bench.contents(), before);
    },
  },
];

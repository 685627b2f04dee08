import assert from "node:assert/strict";
import { newClaim, newUid } from "../../drivers/record";
import { call, hourMs, matchOf } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused } from "../refusal";
import { assertSame } from "../same";

const since = "2031-01-01T00:00:00.000Z";

export const updateCases: CaseDefinition[] = [
  {
    name: "update: the fields that are given replace the recorded ones, and no other changes",
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      const change = {
        owner: "org/other",
        stackId: "stack-2",
        requested: { size: "1MiB" },
        labels: { a: "b" },
        protection: true,
      };
      const updated = await bench.driver.update(bench.ref, matchOf(volume), change, call());
      assertSame(updated, { ...volume, record: { ...volume.record, ...change, revision: updated.record.revision } });
      assertSame(await bench.find(volume.record.uid, bench.ref, await bench.another()), updated);
      await bench.assertBytes(updated, "kept");
    },
  },
  {
    name: "update: with another claim it is CONFLICT and changes nothing",
    async run(bench) {
      const volume = await bench.volume("data");
      await assertRefused(
        bench.driver.update(bench.ref, { uid: volume.record.uid, claim: newClaim() }, { labels: { a: "b" } }, call()),
        "CONFLICT",
      );
      assertSame(await bench.expect(volume.record.uid, "live"), volume);
    },
  },
  {
    name: "update: with an older or a coming revision it is CONFLICT and changes nothing",
    async run(bench) {
      const volume = await bench.volume("data");
      const first = await bench.driver.update(
        bench.ref,
        { ...matchOf(volume), revision: volume.record.revision },
        { labels: { a: "1" } },
        call(),
      );
      for (const revision of [volume.record.revision, first.record.revision + 1]) {
        await assertRefused(
          bench.driver.update(bench.ref, { ...matchOf(volume), revision }, { labels: { a: "2" } }, call()),
          "CONFLICT",
        );
      }
      assertSame(await bench.expect(volume.record.uid, "live"), first);
    },
  },
  {
    name: "update: a stale revision stops a grow and a trash as well",
    needs: ["grow", "trash"],
    async run(bench) {
      const volume = await bench.volume("data");
      const stale = { ...matchOf(volume), revision: volume.record.revision };
      const updated = await bench.driver.update(bench.ref, stale, { labels: { a: "1" } }, call());
      await assertRefused(bench.driver.grow(bench.ref, stale, 2 * bench.unit, call()), "CONFLICT");
      await assertRefused(bench.driver.trash(bench.ref, stale, hourMs, call()), "CONFLICT");
      assertSame(await bench.expect(volume.record.uid, "live"), updated);
    },
  },
  {
    name: "update: of a uid that is not there is NOT_FOUND",
    async run(bench) {
      await bench.volume("data");
      await assertRefused(
        bench.driver.update(bench.ref, { uid: newUid(), claim: newClaim() }, { labels: { a: "b" } }, call()),
        "NOT_FOUND",
      );
    },
  },
  {
    name: "update: of what is in the trash is NOT_FOUND",
    needs: ["trash"],
    async run(bench) {
      const trashed = await bench.trash(await bench.volume("data"));
      await assertRefused(
        bench.driver.update(bench.ref, matchOf(trashed), { labels: { a: "b" } }, call()),
        "NOT_FOUND",
      );
      await bench.expect(trashed.record.uid, "trashed");
    },
  },
  {
    name: "update: the revision counts up with every change of the record",
    needs: ["grow"],
    async run(bench) {
      const made = await bench.volume("data");
      const labelled = await bench.driver.update(bench.ref, matchOf(made), { labels: { a: "1" } }, call());
      const grown = await bench.driver.grow(bench.ref, matchOf(made), 2 * bench.unit, call());
      assert.ok(labelled.record.revision > made.record.revision, "an update counts");
      assert.ok(grown.record.revision > labelled.record.revision, "a grow counts");
    },
  },
  {
    name: "take-over: the uid and the bytes stay, the new claim holds",
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      const claim = newClaim();
      const taken = await bench.driver.update(bench.ref, matchOf(volume), { claim, owner: "someone/else" }, call());
      assert.equal(taken.record.uid, volume.record.uid);
      assert.equal(taken.record.claim, claim);
      await bench.driver.update(bench.ref, matchOf(taken), { labels: { a: "b" } }, call());
      await bench.assertBytes(taken, "kept");
    },
  },
  {
    name: "take-over: the claim before it can no longer update",
    async run(bench) {
      const volume = await bench.volume("data");
      const taken = await bench.driver.update(bench.ref, matchOf(volume), { claim: newClaim() }, call());
      await assertRefused(bench.driver.update(bench.ref, matchOf(volume), { labels: { a: "b" } }, call()), "CONFLICT");
      assertSame(await bench.expect(volume.record.uid, "live"), taken);
    },
  },
  {
    name: "take-over: the claim before it can no longer grow",
    needs: ["grow"],
    async run(bench) {
      const volume = await bench.volume("data");
      const taken = await bench.driver.update(bench.ref, matchOf(volume), { claim: newClaim() }, call());
      await assertRefused(bench.driver.grow(bench.ref, matchOf(volume), 2 * bench.unit, call()), "CONFLICT");
      assertSame(await bench.expect(volume.record.uid, "live"), taken);
    },
  },
  {
    name: "take-over: the claim before it can no longer roll back",
    needs: ["snapshot", "rollback"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "old");
      const snapshot = await bench.snapshot(volume, "one");
      await bench.stamp(volume, "new");
      await bench.driver.update(bench.ref, matchOf(volume), { claim: newClaim() }, call());
      await assertRefused(bench.driver.rollback(bench.ref, matchOf(volume), snapshot.record.uid, call()), "CONFLICT");
      await bench.assertBytes(volume, "new");
    },
  },
  {
    name: "take-over: the claim before it can no longer trash",
    needs: ["trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      const taken = await bench.driver.update(bench.ref, matchOf(volume), { claim: newClaim() }, call());
      await assertRefused(bench.driver.trash(bench.ref, matchOf(volume), hourMs, call()), "CONFLICT");
      assertSame(await bench.expect(volume.record.uid, "live"), taken);
      await bench.assertBytes(taken, "kept");
    },
  },
  {
    name: "record: labels of any unicode come back as they were given",
    async run(bench) {
      const labels = {
        plain: "x",
        emoji: "🗄️👩‍🔬",
        right: "‏שלום‎",
        "a.b/c-d_e": `"quoted" \\ 'single' $HOME {{x}} %s`,
        lines: "a\nb\tc\r\u0000\u001b[31m",
        half: "\ud800",
        empty: "",
        conf_rbd_cache: "false",
        constructor: "toString",
      };
      const volume = await bench.volume("data", { labels });
      assertSame({ ...(await bench.expect(volume.record.uid, "live")).record.labels }, labels);
      const reversed = Object.fromEntries(
        Object.entries(labels).map(([key, value]) => [key, [...value].reverse().join("")]),
      );
      await bench.driver.update(bench.ref, matchOf(volume), { labels: reversed }, call());
      assertSame({ ...(await bench.expect(volume.record.uid, "live")).record.labels }, reversed);
    },
  },
  {
    name: "record: consumers and holds come back as they were given, fields of newer versions included",
    async run(bench) {
      const volume = await bench.volume("data");
      const change = {
        consumers: [{ id: "vm/1", since, mode: { new: ["field"] } }],
        holds: [{ id: "backup/1", reason: "läuft", since, later: 1 }],
      };
      await bench.driver.update(bench.ref, matchOf(volume), change, call());
      const { consumers, holds } = (await bench.expect(volume.record.uid, "live")).record;
      assertSame({ consumers, holds }, change);
    },
  },
];

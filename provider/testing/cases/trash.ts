import assert from "node:assert/strict";
import type { RecordChange } from "../../drivers/driver";
import { newClaim, newUid } from "../../drivers/record";
import type { ErrorCode } from "../../model/errors";
import { call, hourMs, matchOf } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused } from "../refusal";
import { assertSame } from "../same";

const since = "2031-01-01T00:00:00.000Z";

/** What a record can say against deleting, and how a delete is then refused. */
const refusals: [reason: string, change: RecordChange, undo: RecordChange, code: ErrorCode][] = [
  ["protection", { protection: true }, { protection: false }, "PRECONDITION_FAILED"],
  ["a registered consumer", { consumers: [{ id: "vm/1", since }] }, { consumers: [] }, "IN_USE"],
  ["a hold", { holds: [{ id: "backup/1", reason: "is being read", since }] }, { holds: [] }, "IN_USE"],
];

export const trashCases: CaseDefinition[] = [
  {
    name: "trash: it frees the name, and keeps uid, record and bytes until it expires",
    needs: ["trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "old");
      const trashed = await bench.trash(volume, hourMs);
      assert.equal(trashed.phase, "trashed");
      assert.equal(trashed.connection, undefined);
      assertSame(matchOf(trashed), matchOf(volume));
      assert.equal(Date.parse(trashed.record.expiresAt ?? "") - Date.parse(trashed.record.trashedAt ?? ""), hourMs);
      assertSame(await bench.find(volume.record.uid, bench.ref, await bench.another()), trashed);
      const next = await bench.stampedVolume("data", "next");
      assert.notEqual(next.record.uid, volume.record.uid);
      await bench.assertBytes(next, "next");
      await bench.trash(next);
      await bench.assertBytes(await bench.undelete(volume), "old");
    },
  },
  {
    name: "trash: a create under the name of something in the trash is new and empty, never brought back",
    needs: ["trash"],
    async run(bench) {
      const old = await bench.stampedVolume("data", "old");
      await bench.trash(old);
      const next = await bench.volume("data");
      assert.notEqual(next.record.uid, old.record.uid);
      await bench.assertZeros(next, 0);
      await bench.expect(old.record.uid, "trashed");
    },
  },
  {
    name: "trash: of a uid that is gone succeeds, as often as it is repeated",
    needs: ["trash"],
    async run(bench) {
      const volume = await bench.volume("data");
      assert.equal(
        await bench.driver.trash(bench.ref, { uid: newUid(), claim: newClaim() }, hourMs, call()),
        undefined,
      );
      const trashed = await bench.trash(volume, hourMs);
      await bench.harness.clock.advance(1000);
      for (const driver of [bench.driver, await bench.another()])
        assert.equal(await driver.trash(bench.ref, matchOf(volume), 2 * hourMs, call()), undefined);
      assertSame(await bench.expect(volume.record.uid, "trashed"), trashed, "a repeated delete moves no expiry");
      await bench.driver.purge(bench.ref, { uid: volume.record.uid, allowDataLoss: volume.record.uid }, call());
      assert.equal(await bench.driver.trash(bench.ref, matchOf(volume), hourMs, call()), undefined);
    },
  },
  {
    name: "trash: of what had the name before does nothing to what has it now",
    needs: ["trash"],
    async run(bench) {
      const old = await bench.volume("data");
      await bench.trash(old);
      const live = await bench.stampedVolume("data", "live");
      assert.equal(await bench.driver.trash(bench.ref, matchOf(old), hourMs, call()), undefined);
      assertSame(await bench.expect(live.record.uid, "live"), live);
      await bench.assertBytes(live, "live");
    },
  },
  {
    name: "trash: with another claim it is CONFLICT, and the object stays live",
    needs: ["trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      await assertRefused(
        bench.driver.trash(bench.ref, { uid: volume.record.uid, claim: newClaim() }, hourMs, call()),
        "CONFLICT",
      );
      assertSame(await bench.expect(volume.record.uid, "live"), volume);
      await bench.assertBytes(volume, "kept");
    },
  },
  ...refusals.map(
    ([reason, change, undo, code]): CaseDefinition => ({
      name: `trash: ${reason} stops it as ${code} until it is taken off`,
      needs: ["trash"],
      async run(bench) {
        const volume = await bench.stampedVolume("data", "kept");
        const stopped = await bench.driver.update(bench.ref, matchOf(volume), change, call());
        await assertRefused(bench.driver.trash(bench.ref, matchOf(volume), hourMs, call()), code);
        assertSame(await bench.expect(volume.record.uid, "live"), stopped);
        await bench.assertBytes(volume, "kept");
        await bench.driver.update(bench.ref, matchOf(volume), undo, call());
        await bench.trash(volume);
      },
    }),
  ),
  {
    name: "trash: what the backend sees in use is IN_USE, is named, and stays live",
    needs: ["trash"],
    hooks: ["use"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      assertSame(await bench.driver.holders(bench.ref, volume.record.uid, call()), []);
      const release = await bench.harness.use?.(volume);
      try {
        const holders = await bench.driver.holders(bench.ref, volume.record.uid, call());
        const error = await assertRefused(bench.driver.trash(bench.ref, matchOf(volume), hourMs, call()), "IN_USE");
        assert.ok(
          holders.some((holder) => holder.writes && error.message.includes(holder.name)),
          `"${error.message}" names one of ${JSON.stringify(holders)}`,
        );
        assertSame(await bench.expect(volume.record.uid, "live"), volume);
        await bench.assertBytes(volume, "kept");
      } finally {
        await release?.();
      }
      assertSame(await bench.driver.holders(bench.ref, volume.record.uid, call()), []);
      await bench.trash(volume);
    },
  },
  {
    name: "undelete: it brings the same bytes back under a new claim, and the old claim is void",
    needs: ["trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      await bench.trash(volume);
      const claim = newClaim();
      const back = await (await bench.another()).undelete(bench.ref, { uid: volume.record.uid, claim }, call());
      assertSame(
        { ...back.record, revision: 0 },
        { ...volume.record, claim, revision: 0 },
        "the record is as before, without trashedAt and expiresAt",
      );
      assert.equal(back.phase, "live");
      assert.ok(back.connection);
      await bench.assertBytes(back, "kept");
      await assertRefused(bench.driver.trash(bench.ref, matchOf(volume), hourMs, call()), "CONFLICT");
      await bench.trash(back);
    },
  },
  {
    name: "undelete: a taken name is ALREADY_EXISTS; under another name it works, and neither touches the other",
    needs: ["trash"],
    async run(bench) {
      const old = await bench.stampedVolume("data", "old");
      await bench.trash(old);
      const live = await bench.stampedVolume("data", "live");
      await assertRefused(bench.undelete(old), "ALREADY_EXISTS");
      await bench.expect(old.record.uid, "trashed");
      const back = await bench.driver.undelete(
        bench.ref,
        { uid: old.record.uid, claim: newClaim(), name: "data-old" },
        call(),
      );
      assert.equal(back.record.name, "data-old");
      await bench.assertBytes(back, "old");
      assertSame(await bench.expect(live.record.uid, "live"), live);
      await bench.assertBytes(live, "live");
    },
  },
  {
    name: "undelete: of what is live, or not there, is NOT_FOUND and changes nothing",
    needs: ["trash"],
    async run(bench) {
      const volume = await bench.volume("data");
      await assertRefused(bench.undelete(volume), "NOT_FOUND");
      await assertRefused(bench.driver.undelete(bench.ref, { uid: newUid(), claim: newClaim() }, call()), "NOT_FOUND");
      assertSame(await bench.contents(), [volume]);
    },
  },
  {
    name: "undelete: a name that could be a path is INVALID_ARGUMENT",
    needs: ["trash"],
    async run(bench) {
      const volume = await bench.trash(await bench.volume("data"));
      await assertRefused(
        bench.driver.undelete(bench.ref, { uid: volume.record.uid, claim: newClaim(), name: "../x" }, call()),
        "INVALID_ARGUMENT",
      );
      await bench.expect(volume.record.uid, "trashed");
    },
  },
  {
    name: "undelete: a snapshot comes back with the bytes it had",
    needs: ["trash", "snapshot", "clone"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "old");
      const snapshot = await bench.snapshot(volume, "one");
      await bench.stamp(volume, "new");
      await bench.trash(snapshot);
      await bench.assertBytesInCopy(await bench.undelete(snapshot), "old");
    },
  },
];

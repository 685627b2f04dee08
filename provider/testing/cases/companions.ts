import assert from "node:assert/strict";
import type { RecordChange, StoredObject } from "../../drivers/driver";
import { newClaim, newUid } from "../../drivers/record";
import { type Bench, call, hourMs, matchOf } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused, endingOf } from "../refusal";
import { assertSame } from "../same";

const since = "2031-01-01T00:00:00.000Z";

/** What makes a snapshot that a policy took keep its volume all the same. */
const reasons: [reason: string, change: RecordChange, undo: RecordChange][] = [
  ["protected", { protection: true }, { protection: false }],
  ["held", { holds: [{ id: "backup/1", reason: "is being read", since }] }, { holds: [] }],
  ["used by a registered consumer", { consumers: [{ id: "vm/1", since }] }, { consumers: [] }],
];

/** Snapshots that policies took go where their volume goes. */
export const companionCases: CaseDefinition[] = [
  {
    name: "companions: snapshots that policies took go to the trash with their volume, expire with it, and come back with it",
    needs: ["snapshot", "clone", "trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "old");
      const first = await take(bench, volume, "n-1");
      await bench.stamp(volume, "new");
      const second = await take(bench, volume, "n-2");
      const trashed = await bench.trash(volume, hourMs);
      assert.equal(trashed.record.trashedWith, undefined);
      for (const { record } of [first, second]) {
        const gone = await bench.expect(record.uid, "trashed");
        const { trashedAt, expiresAt } = trashed.record;
        const { revision } = gone.record;
        assertSame(gone.record, { ...record, trashedAt, expiresAt, trashedWith: volume.record.uid, revision });
      }
      assertSame(await bench.named("data@n-1"), []);
      const back = await bench.undelete(volume);
      assertSame(
        (await bench.contents()).map(({ phase }) => phase),
        ["live", "live", "live"],
      );
      for (const { record } of [first, second]) {
        const found = await bench.expect(record.uid, "live");
        assertSame(found.record, { ...record, revision: found.record.revision });
      }
      await bench.assertBytes(back, "new");
      await bench.assertBytesInCopy(first, "old");
      await bench.assertBytesInCopy(second, "new");
      assertSame(await bench.driver.fsck(bench.ref, { repair: false }, call()), []);
    },
  },
  {
    name: "companions: a snapshot that a person took keeps the volume, is named, and nothing has moved",
    needs: ["snapshot", "trash"],
    async run(bench) {
      const volume = await bench.volume("data");
      await take(bench, volume, "n-1");
      const own = await bench.snapshot(volume, "before-upgrade");
      const before = await bench.contents();
      const error = await assertRefused(bench.driver.trash(bench.ref, matchOf(volume), hourMs, call()), "IN_USE");
      assert.ok(error.message.includes("data@before-upgrade"), `"${error.message}" names it`);
      assert.ok(!error.message.includes("data@n-1"), `"${error.message}" names no other`);
      assertSame(await bench.contents(), before);
      await bench.trash(own);
      await bench.trash(volume);
      assertSame(
        (await bench.contents()).map(({ phase }) => phase),
        ["trashed", "trashed", "trashed"],
      );
    },
  },
  ...reasons.map(
    ([reason, change, undo]): CaseDefinition => ({
      name: `companions: one that is ${reason} keeps the volume as IN_USE until that is taken off`,
      needs: ["snapshot", "trash"],
      async run(bench) {
        const volume = await bench.volume("data");
        await take(bench, volume, "n-1");
        const kept = await take(bench, volume, "n-2");
        await bench.driver.update(bench.ref, matchOf(kept), change, call());
        const before = await bench.contents();
        const error = await assertRefused(bench.driver.trash(bench.ref, matchOf(volume), hourMs, call()), "IN_USE");
        assert.ok(error.message.includes("data@n-2"), `"${error.message}" names it`);
        assertSame(await bench.contents(), before);
        await bench.driver.update(bench.ref, matchOf(kept), undo, call());
        await bench.trash(volume);
        await bench.expect(kept.record.uid, "trashed");
      },
    }),
  ),
  {
    name: "companions: under another name they come back under that; one that was deleted before stays in the trash",
    needs: ["snapshot", "trash"],
    async run(bench) {
      const volume = await bench.volume("data");
      const [pruned, kept] = [await take(bench, volume, "n-1"), await take(bench, volume, "n-2")];
      await bench.trash(pruned);
      await bench.trash(volume);
      const next = await bench.volume("data");
      const other = await take(bench, next, "n-2");
      const { uid } = volume.record;
      await assertRefused(bench.undelete(volume), "ALREADY_EXISTS");
      await bench.driver.undelete(bench.ref, { uid, claim: newClaim(), name: "data-old" }, call());
      assert.equal((await bench.expect(kept.record.uid, "live")).record.name, "data-old@n-2");
      await bench.expect(pruned.record.uid, "trashed");
      assertSame(await bench.expect(other.record.uid, "live"), other);
    },
  },
  {
    name: "companions: none ends before its volume's time, with the volume's data none of theirs, and each can come back alone",
    needs: ["snapshot", "clone", "trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      const [first, second] = [await take(bench, volume, "n-1"), await take(bench, volume, "n-2")];
      await bench.trash(volume, hourMs);
      for (const { record } of [volume, first, second])
        await assertRefused(bench.driver.purge(bench.ref, { uid: record.uid }, call()), "PRECONDITION_FAILED");
      const { uid } = volume.record;
      assert.equal(await bench.driver.purge(bench.ref, { uid, allowDataLoss: uid }, call()), true);
      const back = await bench.undelete(first);
      assert.equal(back.record.trashedWith, undefined);
      await bench.assertBytesInCopy(back, "kept");
      await bench.expect(second.record.uid, "trashed");
      await bench.harness.clock.advance(2 * hourMs);
      assert.equal(await bench.driver.purge(bench.ref, { uid: second.record.uid }, call()), true);
    },
  },
  {
    name: "companions: a clone of one keeps its bytes, whatever becomes of volume and snapshot",
    needs: ["snapshot", "clone", "trash"],
    async run(bench) {
      const volume = await bench.stampedVolume("data", "kept");
      const clone = await bench.clone(await take(bench, volume, "n-1"), "clone");
      const { error } = await endingOf(bench.driver.trash(bench.ref, matchOf(volume), 0, call()));
      if (error) assert.equal(error.code, "IN_USE", "a clone that needs its snapshot keeps it");
      else {
        await bench.harness.clock.advance(1000);
        for (const { record, phase } of await bench.contents())
          if (phase === "trashed") await bench.driver.purge(bench.ref, { uid: record.uid }, call());
      }
      await bench.assertBytes(await bench.expect(clone.record.uid, "live"), "kept");
    },
  },
  {
    name: "companions: snapshots of a share go and come back with it",
    needs: ["share", "shareSnapshot", "trash"],
    hooks: ["putFile", "getFile"],
    async run(bench) {
      const share = await bench.filledShare("files", "kept");
      const snapshot = await take(bench, share, "n-1");
      await bench.trash(share);
      await bench.expect(snapshot.record.uid, "trashed");
      await bench.assertFile(await bench.undelete(share), "kept");
      await bench.assertFileInCopy(await bench.expect(snapshot.record.uid, "live"), "kept");
    },
  },
];

/** A snapshot as a policy takes it. */
async function take(bench: Bench, source: StoredObject, short: string): Promise<StoredObject> {
  const taken = { policy: newUid(), slot: since };
  return bench.driver.create(bench.ref, bench.snapshotInputs(source, short, { taken }), call());
}

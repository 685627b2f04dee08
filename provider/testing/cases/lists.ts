import assert from "node:assert/strict";
import type { StoredObject } from "../../drivers/driver";
import { type Bench, call, dayMs } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { supports } from "../harness";
import { assertSame } from "../same";

const defaultMany = 1200;
/** So many creates are under way at once while a long list is filled. */
const width = 16;

export const listCases: CaseDefinition[] = [
  {
    name: "list: a new pool has no objects, and the list says which pool it is of",
    async run(bench) {
      const listing = await bench.list();
      assertSame([listing.objects, listing.damaged], [[], []]);
      assertSame(listing.pool.record, bench.pool.record);
      const { totalBytes, freeBytes, allocatedBytes, provisionedBytes } = listing.pool.capacity;
      for (const bytes of [totalBytes, freeBytes, allocatedBytes, provisionedBytes])
        assert.ok(Number.isFinite(bytes) && bytes >= 0, "capacity is in bytes");
      assert.ok(freeBytes <= totalBytes);
    },
  },
  {
    name: "list: volumes, snapshots, clones and trash are all in it, each with its kind and phase, and none is damaged",
    needs: ["snapshot", "clone", "trash"],
    async run(bench) {
      const volume = await bench.volume("data");
      const snapshot = await bench.snapshot(volume, "one");
      const copy = await bench.clone(snapshot, "copy");
      const gone = await bench.trash(await bench.volume("gone"));
      const expected = [volume, snapshot, copy, gone]
        .map((object) => [object.record.uid, object.record.kind, object.phase, object.health].join())
        .sort();
      for (const driver of [bench.driver, await bench.another()]) {
        const { objects, damaged } = await bench.list(bench.ref, driver);
        assertSame(
          objects.map((object) => [object.record.uid, object.record.kind, object.phase, object.health].join()).sort(),
          expected,
        );
        assertSame(damaged, []);
      }
    },
  },
  {
    name: "list: one of more objects than a page has every one of them once",
    timeoutMs: 300_000,
    async run(bench) {
      const many = bench.harness.manyObjects ?? defaultMany;
      const uids: string[] = [];
      for (let from = 0; from < many; from += width) {
        const names = Array.from({ length: Math.min(width, many - from) }, (_, index) => `data-${from + index}`);
        uids.push(
          ...(await Promise.all(names.map((name) => bench.volume(name, { sizeBytes: 16384 })))).map(
            (object) => object.record.uid,
          ),
        );
      }
      const expected = [...uids, ...(await someOfEveryKind(bench))].sort();
      for (const driver of [bench.driver, await bench.another()]) {
        assertSame(
          (await bench.contents(bench.ref, driver)).map((object) => object.record.uid),
          expected,
        );
      }
    },
  },
  {
    name: "list: while others create, everything that was there before is in every list",
    async run(bench) {
      const other = await bench.another();
      const before: string[] = [];
      for (let index = 0; index < 20; index++) before.push((await bench.volume(`before-${index}`)).record.uid);
      const creating = Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          other.create(bench.ref, bench.volumeInputs(`during-${index}`), call()),
        ),
      );
      for (let round = 0; round < 10; round++) {
        const listed = new Set((await bench.list()).objects.map((object) => object.record.uid));
        assertSame(
          before.filter((uid) => !listed.has(uid)),
          [],
          "nothing is missing from a list taken meanwhile",
        );
      }
      await creating;
      assert.equal((await bench.contents()).length, 40);
    },
  },
  {
    name: "list: it is dated by the backend's clock, which goes on, and not back when a caller's clock does",
    async run(bench) {
      const first = (await bench.list()).at;
      await bench.harness.clock.advance(2000);
      const second = (await bench.list()).at;
      assert.ok(second > first, "time passes");
      bench.harness.clock.jump(-2 * dayMs);
      const third = (await bench.list(bench.ref, await bench.another())).at;
      bench.harness.clock.jump(2 * dayMs);
      assert.ok(third >= second, "a wrong clock of a caller does not date the list");
    },
  },
];

/** A few objects of the other kinds and phases, so that they are not left out at the end of a long list. */
async function someOfEveryKind(bench: Bench): Promise<string[]> {
  const made: StoredObject[] = [];
  const volume = await bench.volume("z-data", { sizeBytes: 16384 });
  made.push(volume);
  if (supports(bench.harness, "snapshot")) made.push(await bench.snapshot(volume, "one"));
  if (supports(bench.harness, "trash"))
    made.push(await bench.trash(await bench.volume("z-gone", { sizeBytes: 16384 })));
  return made.map((object) => object.record.uid);
}

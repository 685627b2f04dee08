import type { StoredObject } from "../../drivers/driver";
import type { Taken } from "../../drivers/record";
import { newClaim, newUid } from "../../drivers/record";
import { call, matchOf } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused } from "../refusal";
import { assertSame } from "../same";

const settings = { className: "gold", reclaimPolicy: "Retain", allowExpansion: false, accessModes: ["ReadWriteOnce"] };
const policies = [{ uid: newUid(), generation: 3 }];

/** What objects are given beside their bytes: settings, the policies attached to them, and which policy took a snapshot. */
export const givenCases: CaseDefinition[] = [
  {
    name: "given: settings and policies of a create are in the record, and an update replaces them whole",
    async run(bench) {
      const volume = await bench.volume("data", { settings, policies });
      assertSame([volume.record.settings, volume.record.policies], [settings, policies]);
      assertSame(await bench.find(volume.record.uid, bench.ref, await bench.another()), volume);
      const change = { settings: { className: "silver" }, policies: [] };
      const updated = await bench.driver.update(bench.ref, matchOf(volume), change, call());
      assertSame(updated.record, { ...volume.record, ...change, revision: updated.record.revision });
      const labelled = await bench.driver.update(bench.ref, matchOf(volume), { labels: { a: "b" } }, call());
      assertSame([labelled.record.settings, labelled.record.policies], [change.settings, []]);
    },
  },
  {
    name: "given: a snapshot says which policy took it, and has neither settings nor policies of its source",
    needs: ["snapshot"],
    async run(bench) {
      const volume = await bench.volume("data", { settings, policies });
      const taken = { policy: newUid(), slot: "2031-01-01T02:00:00.000Z", group: "g-1" };
      const inputs = bench.snapshotInputs(volume, "nightly", { taken });
      const snapshot = await bench.driver.create(bench.ref, inputs, call());
      assertSame(snapshot.record.taken, taken);
      assertSame([snapshot.record.settings, snapshot.record.policies], [undefined, undefined]);
      assertSame(await bench.find(snapshot.record.uid), snapshot);
      assertSame((await bench.snapshot(volume, "by-hand")).record.taken, undefined);
    },
  },
  {
    name: "given: a slot of a policy is taken once, whatever the snapshot is called; others of the policy, and of others, are free",
    needs: ["snapshot"],
    async run(bench) {
      const volume = await bench.volume("data");
      const other = await bench.volume("other");
      const taken = { policy: newUid(), slot: "20310101t020000z" };
      const take = (source: StoredObject, name: string, fields: Taken) =>
        bench.driver.create(bench.ref, bench.snapshotInputs(source, name, { taken: fields }), call());
      const first = await take(volume, "old-name", taken);
      await assertRefused(take(volume, "new-name", { ...taken, group: "g-2" }), "ALREADY_EXISTS");
      await take(volume, "next", { ...taken, slot: "20310101t030000z" });
      await take(volume, "another", { ...taken, policy: newUid() });
      await take(other, "old-name", taken);
      await bench.driver.trash(bench.ref, matchOf(first), 1000, call());
      await take(volume, "new-name", taken);
    },
  },
  {
    name: "given: that applications were held still for a snapshot is written on it afterwards",
    needs: ["snapshot"],
    async run(bench) {
      const volume = await bench.volume("data");
      const snapshot = await bench.snapshot(volume, "nightly");
      const held = await bench.driver.update(bench.ref, matchOf(snapshot), { consistency: "app" }, call());
      assertSame(held.record.consistency, "app");
      assertSame(await bench.find(snapshot.record.uid), held);
    },
  },
  {
    name: "given: a clone starts without the policies, the settings and the origin of its source",
    needs: ["snapshot", "clone"],
    async run(bench) {
      const volume = await bench.volume("data", { settings, policies });
      const taken = { policy: newUid(), slot: "2031-01-01T02:00:00.000Z" };
      const snapshot = await bench.driver.create(bench.ref, bench.snapshotInputs(volume, "n", { taken }), call());
      for (const [source, name] of [
        [volume, "of-volume"],
        [snapshot, "of-snapshot"],
      ] as const) {
        const { record } = await bench.clone(source, name);
        assertSame([record.settings, record.policies, record.taken], [undefined, undefined, undefined]);
      }
      const own = await bench.clone(snapshot, "own", { policies });
      assertSame(own.record.policies, policies, "it has those it is given");
    },
  },
  {
    name: "given: what comes back from the trash has its settings, and no policies until it is attached again",
    needs: ["trash"],
    async run(bench) {
      const volume = await bench.volume("data", { settings, policies });
      const trashed = await bench.trash(volume);
      assertSame(trashed.record.policies, policies);
      const claim = newClaim();
      const back = await bench.driver.undelete(bench.ref, { uid: volume.record.uid, claim }, call());
      const { policies: _, ...record } = volume.record;
      assertSame(back.record, { ...record, claim, revision: back.record.revision });
      assertSame(await bench.find(volume.record.uid), back);
      const attached = await bench.driver.update(bench.ref, matchOf(back), { policies }, call());
      assertSame(attached.record.policies, policies);
    },
  },
];

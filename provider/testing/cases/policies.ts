import assert from "node:assert/strict";
import type { PolicyChange } from "../../drivers/driver";
import { newClaim, newUid } from "../../drivers/record";
import { call, matchOf } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused, endingOf } from "../refusal";
import { assertSame } from "../same";

export const policyCases: CaseDefinition[] = [
  {
    name: "policy: it is listed by every instance as it was given, with who made it and when",
    async run(bench) {
      const target = await bench.volume("data");
      const inputs = bench.policyInputs("nightly", { targets: [{ name: "data", uid: target.record.uid }] });
      const policy = await bench.driver.createPolicy(bench.ref, inputs, call());
      assert.ok(Date.parse(policy.createdAt) > 0);
      const { createdAt: _, ...record } = policy;
      assertSame(record, {
        formatVersion: record.formatVersion,
        ...inputs,
        kind: "policy",
        poolIdentity: bench.pool.record.identity,
        createdBy: call().actor.by,
        revision: 1,
      });
      assertSame(await bench.policies(), [policy]);
      assertSame(await bench.policies(bench.ref, await bench.another()), [policy]);
      assertSame(await bench.contents(), [target], "it is no object");
    },
  },
  {
    name: "policy: the same uid again is ALREADY_EXISTS and changes nothing; two may have one name",
    async run(bench) {
      const first = await bench.policy("nightly");
      const again = bench.policyInputs("other", { uid: first.uid, generation: 9 });
      for (const driver of [bench.driver, await bench.another()])
        await assertRefused(driver.createPolicy(bench.ref, again, call()), "ALREADY_EXISTS");
      assertSame(await bench.policies(), [first]);
      const second = await bench.policy("nightly", { owner: "org/other" });
      assertSame(
        (await bench.policies()).map(({ uid }) => uid),
        [first.uid, second.uid].sort(),
      );
    },
  },
  {
    name: "policy: of one owner there is one of a name, also where several make it at the same time",
    async run(bench) {
      const drivers = [bench.driver, await bench.another(), bench.driver];
      const endings = await Promise.all(
        drivers.map((driver) =>
          endingOf(driver.createPolicy(bench.ref, bench.policyInputs("nightly", { owner: "org/one" }), call())),
        ),
      );
      assertSame(endings.map(({ error }) => error?.code ?? "ok").sort(), ["ALREADY_EXISTS", "ALREADY_EXISTS", "ok"]);
      const [first] = await bench.policies();
      assert.ok(first);
      await bench.policy("weekly", { owner: "org/one" });
      await bench.driver.removePolicy(bench.ref, matchOf({ record: first }), call());
      await bench.policy("nightly", { owner: "org/one" });
      assertSame((await bench.policies()).map(({ name }) => name).sort(), ["nightly", "weekly"]);
    },
  },
  {
    name: "policy: a uid or a name that could be a path is INVALID_ARGUMENT and makes nothing",
    async run(bench) {
      for (const fields of [{ uid: "../../etc/passwd" }, { uid: "" }, { name: "../x" }, { name: "" }]) {
        const inputs = bench.policyInputs("nightly", fields);
        await assertRefused(bench.driver.createPolicy(bench.ref, inputs, call()), "INVALID_ARGUMENT");
      }
      const policy = await bench.policy("nightly");
      await assertRefused(
        bench.driver.updatePolicy(bench.ref, matchOf({ record: policy }), { name: "../x" }, call()),
        "INVALID_ARGUMENT",
      );
      assertSame(await bench.policies(), [policy]);
    },
  },
  {
    name: "policy: an update replaces the fields that are given, and no other",
    async run(bench) {
      const policy = await bench.policy("nightly");
      const change: PolicyChange = {
        name: "weekly",
        owner: "org/other",
        stackId: "stack-2",
        requested: { schedule: "@weekly" },
        labels: { a: "b" },
        generation: 2,
        targets: [],
        approvedDeletes: 7,
      };
      const match = { ...matchOf({ record: policy }), revision: policy.revision };
      const updated = await bench.driver.updatePolicy(bench.ref, match, change, call());
      assertSame(updated, { ...policy, ...change, revision: policy.revision + 1 });
      assertSame(await bench.policies(bench.ref, await bench.another()), [updated]);
      const labelled = await bench.driver.updatePolicy(bench.ref, matchOf({ record: policy }), { labels: {} }, call());
      assertSame(labelled, { ...updated, labels: {}, revision: updated.revision + 1 });
    },
  },
  {
    name: "policy: an update or removal with another claim is CONFLICT and changes nothing",
    async run(bench) {
      const policy = await bench.policy("nightly");
      const match = { uid: policy.uid, claim: newClaim() };
      await assertRefused(bench.driver.updatePolicy(bench.ref, match, { labels: { a: "b" } }, call()), "CONFLICT");
      await assertRefused(bench.driver.removePolicy(bench.ref, match, call()), "CONFLICT");
      assertSame(await bench.policies(), [policy]);
    },
  },
  {
    name: "policy: an update with an older or a coming revision is CONFLICT and changes nothing",
    async run(bench) {
      const policy = await bench.policy("nightly");
      const match = matchOf({ record: policy });
      const first = await bench.driver.updatePolicy(bench.ref, match, { generation: 2 }, call());
      for (const revision of [policy.revision, first.revision + 1])
        await assertRefused(
          bench.driver.updatePolicy(bench.ref, { ...match, revision }, { generation: 3 }, call()),
          "CONFLICT",
        );
      assertSame(await bench.policies(), [first]);
    },
  },
  {
    name: "policy: of two updates of one revision exactly one succeeds and the other is CONFLICT",
    async run(bench) {
      const policy = await bench.policy("nightly");
      const match = { ...matchOf({ record: policy }), revision: policy.revision };
      const endings = await Promise.all(
        [bench.driver, await bench.another()].map((driver, index) =>
          endingOf(driver.updatePolicy(bench.ref, match, { labels: { by: String(index) } }, call())),
        ),
      );
      const won = endings.flatMap(({ value }) => (value ? [value] : []));
      assert.equal(won.length, 1);
      assertSame(endings.map(({ error }) => error?.code ?? "ok").sort(), ["CONFLICT", "ok"]);
      assertSame(await bench.policies(), won);
    },
  },
  {
    name: "policy: an update of a uid that is not there is NOT_FOUND, a removal is false, as often as it is repeated",
    async run(bench) {
      const match = { uid: newUid(), claim: newClaim() };
      await assertRefused(bench.driver.updatePolicy(bench.ref, match, { labels: {} }, call()), "NOT_FOUND");
      assert.equal(await bench.driver.removePolicy(bench.ref, match, call()), false);
      const policy = await bench.policy("nightly");
      assert.equal(await bench.driver.removePolicy(bench.ref, matchOf({ record: policy }), call()), true);
      for (const driver of [bench.driver, await bench.another()])
        assert.equal(await driver.removePolicy(bench.ref, matchOf({ record: policy }), call()), false);
      assertSame(await bench.policies(), []);
    },
  },
  {
    name: "policy: a removal leaves the other policies, and every object as it is",
    async run(bench) {
      const [gone, kept] = [await bench.policy("nightly"), await bench.policy("weekly")];
      const policies = [gone, kept].map(({ uid, generation }) => ({ uid, generation }));
      const target = await bench.volume("data", { policies });
      await bench.driver.removePolicy(bench.ref, matchOf({ record: gone }), call());
      assertSame(await bench.policies(), [kept]);
      assertSame(await bench.contents(), [target]);
      assertSame(await bench.driver.fsck(bench.ref, { repair: true }, call()), []);
      assertSame(await bench.policies(), [kept], "a repair does not bring it back");
    },
  },
  {
    name: "policy: alone it keeps no pool, and is not in the next pool of that name",
    async run(bench) {
      await bench.policy("nightly");
      assert.equal(await bench.driver.removePool(bench.ref, matchOf(bench.pool), call()), "removed");
      const next = await bench.newPool({ name: bench.ref.name });
      assertSame(await bench.policies({ name: next.record.name }), []);
    },
  },
  {
    name: "policy: a retired pool takes no new one, and lets those it has be changed and removed",
    needs: ["trash"],
    async run(bench) {
      const policy = await bench.policy("nightly");
      await bench.trash(await bench.volume("data"));
      assert.equal(await bench.driver.removePool(bench.ref, matchOf(bench.pool), call()), "retired");
      await assertRefused(bench.policy("weekly"), "PRECONDITION_FAILED");
      const match = matchOf({ record: policy });
      const updated = await bench.driver.updatePolicy(bench.ref, match, { targets: [] }, call());
      assertSame(await bench.policies(), [updated]);
      assert.equal(await bench.driver.removePolicy(bench.ref, match, call()), true);
      assertSame(await bench.policies(), []);
    },
  },
  {
    name: "policy: one whose record cannot be read is listed as damaged, and its uid is not free",
    hooks: ["editRecord"],
    async run(bench) {
      const [kept, broken] = [await bench.policy("kept"), await bench.policy("broken")];
      await bench.harness.editRecord?.(bench.pool, broken.uid, (record) => {
        record.claim = 5;
        record.targets = "nonsense";
      });
      const { policies, damaged, objects } = await bench.list();
      assertSame([policies, objects], [[kept], []]);
      assertSame(
        damaged.map(({ uid }) => uid),
        [broken.uid],
      );
      assert.ok(damaged[0]?.problem, "it says what is wrong");
      await assertRefused(
        bench.driver.createPolicy(bench.ref, bench.policyInputs("other", { uid: broken.uid }), call()),
        "ALREADY_EXISTS",
      );
      const removal = await endingOf(bench.driver.removePolicy(bench.ref, matchOf({ record: broken }), call()));
      assert.ok(removal.error, "it is not taken for gone");
    },
  },
  {
    name: "policy: a record of a newer format is listed and never written; fields of newer versions survive an update",
    hooks: ["editRecord"],
    async run(bench) {
      const [newer, known] = [await bench.policy("newer"), await bench.policy("known")];
      await bench.harness.editRecord?.(bench.pool, newer.uid, (record) => Object.assign(record, { formatVersion: 99 }));
      await bench.harness.editRecord?.(bench.pool, known.uid, (record) => Object.assign(record, { later: [1] }));
      const before = (await bench.policies()).find(({ uid }) => uid === newer.uid);
      assertSame(before, { ...newer, formatVersion: 99 });
      const update = bench.driver.updatePolicy(bench.ref, matchOf({ record: newer }), { labels: { a: "b" } }, call());
      assert.ok((await endingOf(update)).error, "what this version does not know it leaves alone");
      const updated = await bench.driver.updatePolicy(
        bench.ref,
        matchOf({ record: known }),
        { labels: { a: "b" } },
        call(),
      );
      assertSame((updated as Record<string, unknown>).later, [1]);
      assertSame(
        (await bench.policies()).find(({ uid }) => uid === newer.uid),
        before,
      );
    },
  },
];

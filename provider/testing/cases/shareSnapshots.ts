import assert from "node:assert/strict";
import { call, matchOf, shareFile } from "../bench";
import type { CaseDefinition } from "../contractCase";
import type { Hook } from "../harness";
import { assertRefused, endingOf } from "../refusal";
import { assertSame } from "../same";

const files: Hook[] = ["putFile", "getFile"];

export const shareSnapshotCases: CaseDefinition[] = [
  {
    name: "share snapshot: it says what it is a copy of, keeps the old files when the share changes, and takes no policies along",
    needs: ["share", "shareSnapshot"],
    hooks: files,
    async run(bench) {
      const share = await bench.filledShare("files", "old");
      const snapshot = await bench.snapshot(share, "one");
      const { kind, sourceUid, sourceKind, sizeBytes, consistency, settings, policies } = snapshot.record;
      assertSame(
        { kind, sourceUid, sourceKind, sizeBytes, settings, policies },
        { kind: "snapshot", sourceUid: share.record.uid, sourceKind: "share", sizeBytes: share.record.sizeBytes },
      );
      assert.ok(consistency === "offline" || consistency === "crash", `taken of an idle share it is ${consistency}`);
      assert.equal(snapshot.connection, undefined);
      assertSame(await bench.find(snapshot.record.uid, bench.ref, await bench.another()), snapshot);
      await bench.harness.putFile?.(share, shareFile, "new");
      const second = await bench.snapshot(share, "two");
      await bench.harness.putFile?.(share, shareFile, "newest");
      await bench.assertFileInCopy(snapshot, "old");
      await bench.assertFileInCopy(second, "new");
      await bench.assertFile(share, "newest");
      assertSame(await bench.driver.fsck(bench.ref, { repair: false }, call()), []);
    },
  },
  {
    name: "share snapshot: a share made from one, or from a share, is its own",
    needs: ["share", "shareSnapshot"],
    hooks: files,
    async run(bench) {
      const share = await bench.filledShare("files", "old");
      const copy = await bench.share("copy", { sourceUid: share.record.uid });
      assert.notEqual(copy.record.uid, share.record.uid);
      assert.notEqual(copy.record.self, share.record.self);
      await bench.harness.putFile?.(copy, shareFile, "of the copy");
      await bench.assertFile(share, "old");
      const snapshot = await bench.snapshot(copy, "one");
      const restored = await bench.share("restored", { sourceUid: snapshot.record.uid });
      await bench.harness.putFile?.(restored, shareFile, "of the restored");
      await bench.assertFile(copy, "of the copy");
      await bench.assertFileInCopy(snapshot, "of the copy");
      await assertRefused(bench.volume("disk", { sourceUid: snapshot.record.uid }), "INVALID_ARGUMENT");
    },
  },
  {
    name: "share snapshot: symbolic links are copied as links, wherever they lead, and never followed",
    needs: ["share", "shareSnapshot"],
    hooks: [...files, "putLink", "getLink"],
    async run(bench) {
      const share = await bench.filledShare("files", "kept");
      const links = { absolute: "/etc/hostname", up: "../../../../../etc/hostname", dangling: "nowhere", self: "." };
      for (const [name, target] of Object.entries(links)) await bench.harness.putLink?.(share, name, target);
      const snapshot = await bench.snapshot(share, "one");
      for (const source of [snapshot, share]) {
        const copy = await bench.share(`copy-of-${source.record.kind}`, { sourceUid: source.record.uid });
        for (const [name, target] of Object.entries(links))
          assert.equal(await bench.harness.getLink?.(copy, name), target, `${name} is the link that it was`);
        await bench.assertFile(copy, "kept");
      }
    },
  },
  {
    name: "share snapshot: while something is open for writing it is IN_USE where the pool copies only what is at rest",
    needs: ["share", "shareSnapshot"],
    hooks: [...files, "use"],
    async run(bench) {
      const share = await bench.filledShare("files", "old");
      const release = await bench.harness.use?.(share);
      try {
        if (bench.harness.capabilities.shareSnapshot === "crash") {
          assert.equal((await bench.snapshot(share, "one")).record.consistency, "crash");
        } else {
          const holders = await bench.driver.holders(bench.ref, share.record.uid, call());
          for (const attempt of [bench.snapshot(share, "one"), bench.share("copy", { sourceUid: share.record.uid })]) {
            const { message } = await assertRefused(attempt, "IN_USE");
            assert.ok(
              holders.some((holder) => holder.writes && message.includes(holder.name)),
              `"${message}" names one of ${JSON.stringify(holders)}`,
            );
          }
          assertSame(await bench.contents(), [share]);
        }
      } finally {
        await release?.();
      }
      await bench.assertFileInCopy(await bench.snapshot(share, "two"), "old");
    },
  },
  {
    name: "share snapshot: what was written to while it was copied is IN_USE, and nothing of the copy is kept",
    needs: ["share", "shareSnapshot"],
    hooks: [...files, "keepWriting"],
    async run(bench) {
      const share = await bench.filledShare("files", "old");
      const release = await bench.harness.keepWriting?.(share);
      try {
        if (bench.harness.capabilities.shareSnapshot === "crash") await bench.snapshot(share, "one");
        else {
          await assertRefused(bench.snapshot(share, "one"), "IN_USE");
          await assertRefused(bench.share("copy", { sourceUid: share.record.uid }), "IN_USE");
          assertSame(await bench.contents(), [share]);
        }
      } finally {
        await release?.();
      }
      await bench.assertFileInCopy(await bench.snapshot(share, "two"), "old");
    },
  },
  {
    name: "share snapshot: of missing files nothing is made",
    needs: ["share", "shareSnapshot"],
    hooks: ["removeBehindBack"],
    async run(bench) {
      const share = await bench.share("files");
      await bench.harness.removeBehindBack?.(bench.pool, share.record.uid);
      assert.ok((await endingOf(bench.snapshot(share, "one"))).error);
      assert.equal((await bench.contents()).length, 1);
    },
  },
  {
    name: "share snapshot: a live one keeps its share out of the trash; both come back with their files",
    needs: ["share", "shareSnapshot", "trash"],
    hooks: files,
    async run(bench) {
      const share = await bench.filledShare("files", "old");
      const snapshot = await bench.snapshot(share, "one");
      const error = await assertRefused(bench.driver.trash(bench.ref, matchOf(share), 1000, call()), "IN_USE");
      assert.ok(error.message.includes("files@one"));
      await bench.trash(snapshot);
      await bench.trash(share);
      await bench.assertFile(await bench.undelete(share), "old");
      await bench.assertFileInCopy(await bench.undelete(snapshot), "old");
    },
  },
  {
    name: "share snapshot: a rollback is UNSUPPORTED where the share cannot be exchanged at one instant, and the files stay",
    needs: ["share", "shareSnapshot", "rollback"],
    hooks: files,
    async run(bench) {
      const share = await bench.filledShare("files", "old");
      const snapshot = await bench.snapshot(share, "one");
      await bench.harness.putFile?.(share, shareFile, "new");
      const rollback = bench.driver.rollback(bench.ref, matchOf(share), snapshot.record.uid, call());
      if (bench.harness.capabilities.shareSnapshot === "crash") {
        const { value, error } = await endingOf(rollback);
        if (error) assert.equal(error.code, "UNSUPPORTED");
        await bench.assertFile(value ?? share, value ? "old" : "new");
        return;
      }
      const { message } = await assertRefused(rollback, "UNSUPPORTED");
      assert.ok(/new share/.test(message), `"${message}" says what to do instead`);
      await bench.assertFile(share, "new");
    },
  },
];

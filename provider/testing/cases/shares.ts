import assert from "node:assert/strict";
import { call, matchOf, shareFile } from "../bench";
import type { CaseDefinition } from "../contractCase";
import type { Hook } from "../harness";
import { assertRefused } from "../refusal";
import { assertSame } from "../same";

const files: Hook[] = ["putFile", "getFile"];

export const shareCases: CaseDefinition[] = [
  {
    name: "share: it is live and empty, says how it is mounted, and every instance lists it",
    needs: ["share"],
    hooks: files,
    async run(bench) {
      const inputs = bench.shareInputs("files", { labels: { a: "b" }, settings: { className: "gold" } });
      const share = await bench.driver.create(bench.ref, inputs, call());
      const { kind, name, uid, claim, owner, labels, settings, sizeBytes } = share.record;
      assertSame(
        { kind, name, uid, claim, owner, labels, settings, sizeBytes },
        {
          kind: "share",
          name,
          uid: inputs.uid,
          claim: inputs.claim,
          owner: inputs.owner,
          labels: { a: "b" },
          settings: { className: "gold" },
          sizeBytes: bench.unit,
        },
      );
      assert.equal(share.health, "ready");
      const { connection } = share;
      assert.ok(connection && "mountCommand" in connection, "it is reached as a share");
      assert.ok(connection.path.startsWith("/"), "an absolute path");
      assert.ok(connection.mountCommand.includes("/mnt/files"), "the command mounts it under its name");
      assertSame(await bench.find(uid, bench.ref, await bench.another()), share);
      await bench.assertFile(share, undefined);
      await bench.harness.putFile?.(share, shareFile, "kept");
      await bench.assertFile(share, "kept");
    },
  },
  {
    name: "share: one without a size is INVALID_ARGUMENT, one by a protocol that the pool does not serve UNSUPPORTED",
    needs: ["share"],
    async run(bench) {
      const { sizeBytes: _, ...sizeless } = bench.shareInputs("files");
      await assertRefused(bench.driver.create(bench.ref, sizeless, call()), "INVALID_ARGUMENT");
      await assertRefused(bench.share("files", { sizeBytes: -1 }), "INVALID_ARGUMENT");
      const served = bench.harness.capabilities.shareProtocols ?? [];
      const other = ["smb", "nfs", "cephfs", "directory"].find((protocol) => !served.includes(protocol)) ?? "none";
      await assertRefused(bench.share("files", { settings: { protocol: other } }), "UNSUPPORTED");
      assertSame(await bench.contents(), []);
    },
  },
  {
    name: "share: it has its name for itself, also among volumes",
    needs: ["share"],
    hooks: files,
    async run(bench) {
      const share = await bench.filledShare("files", "kept");
      await assertRefused(bench.share("files"), "ALREADY_EXISTS");
      await assertRefused(bench.volume("files"), "ALREADY_EXISTS");
      await bench.volume("data");
      await assertRefused(bench.share("data"), "ALREADY_EXISTS");
      await bench.assertFile(share, "kept");
    },
  },
  {
    name: "share: its size counts against the pool's capacity; it grows in place and never shrinks",
    needs: ["share", "grow"],
    hooks: files,
    async run(bench) {
      const ref = await bench.poolOfUnits(4);
      const share = await bench.share("files", { sizeBytes: 2 * bench.unit }, ref);
      await bench.harness.putFile?.(share, shareFile, "kept");
      await assertRefused(bench.volume("data", { sizeBytes: 3 * bench.unit }, ref), "QUOTA_EXCEEDED");
      await assertRefused(bench.driver.grow(ref, matchOf(share), bench.unit, call()), "PRECONDITION_FAILED");
      await assertRefused(bench.driver.grow(ref, matchOf(share), 5 * bench.unit, call()), "QUOTA_EXCEEDED");
      const grown = await bench.driver.grow(ref, matchOf(share), 4 * bench.unit, call());
      assert.equal(grown.record.sizeBytes, 4 * bench.unit);
      assertSame(grown.connection, share.connection);
      await bench.assertFile(grown, "kept");
      await assertRefused(bench.volume("data", {}, ref), "QUOTA_EXCEEDED");
      assert.equal((await bench.list(ref)).pool.capacity.provisionedBytes, 4 * bench.unit);
    },
  },
  {
    name: "share: the trash keeps its files, and they come back at the same place under a new claim",
    needs: ["share", "trash"],
    hooks: files,
    async run(bench) {
      const share = await bench.filledShare("files", "kept");
      const trashed = await bench.trash(share);
      assert.equal(trashed.connection, undefined);
      const next = await bench.filledShare("files", "next");
      assert.notEqual(next.record.uid, share.record.uid);
      await assertRefused(bench.undelete(share), "ALREADY_EXISTS");
      await bench.trash(next);
      const back = await bench.undelete(share);
      assertSame(back.connection, share.connection);
      await bench.assertFile(back, "kept");
      await assertRefused(bench.driver.update(bench.ref, matchOf(share), { labels: {} }, call()), "CONFLICT");
    },
  },
  {
    name: "share: it is purged with everything in it, and leaves its namesakes",
    needs: ["share", "trash"],
    hooks: files,
    async run(bench) {
      const old = await bench.trash(await bench.filledShare("files", "old"));
      const live = await bench.filledShare("files", "live");
      const { uid } = old.record;
      await assertRefused(bench.driver.purge(bench.ref, { uid }, call()), "PRECONDITION_FAILED");
      assert.equal(await bench.driver.purge(bench.ref, { uid, allowDataLoss: uid }, call()), true);
      assertSame(await bench.contents(), [live]);
      await bench.assertFile(live, "live");
      assertSame(await bench.driver.fsck(bench.ref, { repair: false }, call()), []);
    },
  },
  {
    name: "share: what the backend sees in use is not deleted, and who uses it is named",
    needs: ["share", "trash"],
    hooks: [...files, "use"],
    async run(bench) {
      const share = await bench.filledShare("files", "kept");
      assertSame(await bench.driver.holders(bench.ref, share.record.uid, call()), []);
      const release = await bench.harness.use?.(share);
      try {
        const holders = await bench.driver.holders(bench.ref, share.record.uid, call());
        const error = await assertRefused(bench.driver.trash(bench.ref, matchOf(share), 1000, call()), "IN_USE");
        assert.ok(
          holders.some((holder) => holder.writes && error.message.includes(holder.name)),
          `"${error.message}" names one of ${JSON.stringify(holders)}`,
        );
      } finally {
        await release?.();
      }
      assertSame(await bench.expect(share.record.uid, "live"), share);
      await bench.trash(share);
    },
  },
  {
    name: "share: one whose files are gone is listed as missing, and keeps its name",
    needs: ["share"],
    hooks: ["removeBehindBack"],
    async run(bench) {
      const share = await bench.share("files");
      await bench.harness.removeBehindBack?.(bench.pool, share.record.uid);
      const found = await bench.find(share.record.uid);
      assert.equal(found?.health, "missing");
      assert.ok(found.problem, "it says why");
      await assertRefused(bench.share("files"), "ALREADY_EXISTS");
      await bench.driver.fsck(bench.ref, { repair: true }, call());
      assert.equal((await bench.find(share.record.uid))?.health, "missing", "a repair does not make up an empty one");
    },
  },
  {
    name: "share: volumes and shares are not made from each other",
    needs: ["share", "clone"],
    async run(bench) {
      const [share, volume] = [await bench.share("files"), await bench.volume("data")];
      const of = (source: typeof share) => ({ sizeBytes: bench.unit, sourceUid: source.record.uid });
      await assertRefused(bench.share("copy", of(volume)), "INVALID_ARGUMENT");
      await assertRefused(bench.volume("copy", of(share)), "INVALID_ARGUMENT", "UNSUPPORTED");
      assert.equal((await bench.contents()).length, 2);
    },
  },
];

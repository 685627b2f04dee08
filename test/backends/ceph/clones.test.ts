import { execFileSync } from "node:child_process";
import type { StoredObject } from "../../../provider/drivers/driver";
import { type Bench, call, matchOf } from "../../../provider/testing/bench";
import { cephHarness } from "../../contract/harnesses/ceph";
import { describeWith } from "../../support/requires";
import { sha256, withBench } from "../support/cephBench";
import { sharedCluster } from "../support/cephCluster";
import { refusal } from "../support/refusal";

describeWith({ needs: ["ceph"] }, "ceph: clones that are made independent", () => {
  const cluster = sharedCluster();
  const harness = cephHarness(cluster);
  const { user } = harness;
  let bench: Bench;

  withBench(harness, 60_000, (made) => {
    bench = made;
  });

  const rbd = (...args: string[]) =>
    execFileSync("rbd", ["--conf", cluster().conf, ...args], { maxBuffer: 2 ** 28, timeout: 60_000, stdio: "pipe" });
  const where = ({ connection }: StoredObject) => {
    const { pool, image } = connection as { pool: string; image: string };
    return `${pool}/${image}`;
  };
  const parentOf = (volume: StoredObject) =>
    JSON.parse(rbd("info", "--format", "json", where(volume)).toString()).parent;
  const purge = async ({ record: { uid } }: StoredObject) =>
    bench.driver.purge(bench.ref, { uid, allowDataLoss: uid }, call());
  const trashed = () => rbd("trash", "ls", "--all", bench.ref.name).toString();

  test("the blocks of what it was made from go at once with the purge, and its bytes are the same", async () => {
    const source = await bench.volume("source");
    const bytes = Buffer.alloc(bench.unit, "all of it ");
    await harness.writeBytes(source, 0, bytes);
    const clone = await bench.clone(source, "clone", { sizeBytes: 2 * bench.unit });
    expect(parentOf(clone)).toBeDefined();
    await bench.trash(source);
    await purge(source);
    expect(trashed()).not.toBe("");
    await bench.driver.flatten(bench.ref, matchOf(clone), call());
    expect(parentOf(clone)).toBeUndefined();
    expect(trashed()).toBe("");
    expect(sha256(rbd("export", where(clone), "-"))).toBe(sha256(Buffer.concat([bytes, Buffer.alloc(bench.unit)])));
  }, 60_000);

  test("a clone that a client has open is flattened under it, and keeps what the client writes", async () => {
    const source = await bench.stampedVolume("source", "old");
    const clone = await bench.clone(source, "clone");
    const release = await harness.use?.(clone);
    await bench.stamp(clone, "new");
    await bench.driver.flatten(bench.ref, matchOf(clone), call());
    await release?.();
    expect(parentOf(clone)).toBeUndefined();
    await bench.assertBytes(clone, "new");
    await bench.assertBytes(source, "old");
  }, 60_000);

  test("what would not fit is refused before anything is copied", async () => {
    const source = await bench.stampedVolume("source", "kept");
    const clone = await bench.clone(source, "clone");
    const quota = (bytes: number) =>
      user.command({ prefix: "osd pool set-quota", pool: bench.ref.name, field: "max_bytes", val: String(bytes) });
    await quota(bench.unit / 2);
    const error = await refusal(bench.driver.flatten(bench.ref, matchOf(clone), call()));
    expect([error.code, error.message]).toEqual(["QUOTA_EXCEEDED", expect.stringContaining("clone")]);
    expect(parentOf(clone)).toBeDefined();
    await quota(0);
    await bench.driver.flatten(bench.ref, matchOf(clone), call());
    await bench.assertBytes(clone, "kept");
  }, 60_000);

  test("snapshots of a clone keep its old blocks: it is independent, and so are they", async () => {
    const source = await bench.stampedVolume("source", "old");
    const clone = await bench.clone(source, "clone");
    const snapshot = await bench.snapshot(clone, "one");
    await bench.stamp(clone, "new");
    await bench.driver.flatten(bench.ref, matchOf(clone), call());
    await bench.trash(source);
    await purge(source);
    await bench.assertBytesInCopy(snapshot, "old");
    await bench.assertBytes(clone, "new");
  }, 60_000);
});

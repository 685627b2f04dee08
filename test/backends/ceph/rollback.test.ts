import type { StoredObject } from "../../../provider/drivers/driver";
import { openStorage } from "../../../provider/storage";
import { type Bench, call, hourMs, matchOf } from "../../../provider/testing/bench";
import { cephHarness } from "../../contract/harnesses/ceph";
import { describeWith } from "../../support/requires";
import { cephConfig } from "../support/cephBackend";
import { imageOf, withBench } from "../support/cephBench";
import { sharedCluster } from "../support/cephCluster";
import { refusal } from "../support/refusal";
import { withRequests } from "../support/requests";
import { workersOf } from "../support/workers";

describeWith({ needs: ["ceph"] }, "ceph: rollbacks that were interrupted", () => {
  const cluster = sharedCluster();
  const harness = cephHarness(cluster);
  const { user } = harness;
  let bench: Bench;

  beforeAll(() => harness.cleanup());
  withBench(harness, 60_000, (made) => {
    bench = made;
  });

  /** Leaves a volume as a process that was killed just after it had begun does: with all of its bytes of then. */
  async function interrupted(volume: StoredObject, snapshot: StoredObject): Promise<void> {
    const { uid } = volume.record;
    const at = { pool: bench.ref.name, key: `o.${uid}` };
    const entry = JSON.parse((await user.do("read_table", at)) as string);
    const value = JSON.stringify({ ...entry, rollingBackTo: snapshot.record.uid, rollingBackBy: "of the killed one" });
    await user.do("edit_table", { ...at, value });
  }

  test("killed half-way: the record says so, its snapshot stays, nothing is made of it, and a repair finishes all of it", async () => {
    const watchTimeout = { who: "osd", name: "osd_client_watch_timeout" };
    await user.command({ prefix: "config set", ...watchTimeout, value: "5" });
    try {
      const volume = await bench.volume("data", { sizeBytes: 2 * 2 ** 30 });
      await bench.stamp(volume, "old");
      const snapshot = await bench.snapshot(volume, "one");
      await user.do("fill", { ...imageOf(volume), first: 1 });
      const victim = await bench.another();
      await victim.list(bench.ref, call());
      const [worker] = workersOf(process.pid);
      const killed = refusal(victim.rollback(bench.ref, matchOf(volume), snapshot.record.uid, call()));
      while (await user.do("has_object", { ...imageOf(volume), object: 9 })) {}
      process.kill(worker as number, "SIGKILL");
      const error = await killed;
      expect([error.code, error.outcome, error.message]).toEqual([
        "UNAVAILABLE",
        "partial",
        expect.stringContaining("fsck with repair"),
      ]);
      expect(((await user.do("filled", imageOf(volume))) as number[]).length).toBeGreaterThan(9);

      const half = await bench.expect(volume.record.uid, "live");
      expect([half.health, half.rollingBackTo, half.problem]).toEqual([
        "damaged",
        snapshot.record.uid,
        expect.stringContaining("roll back to it again, or run fsck with repair"),
      ]);
      const refused = [
        () => bench.driver.trash(bench.ref, matchOf(snapshot), hourMs, call()),
        () => bench.snapshot(volume, "two"),
        () => bench.driver.grow(bench.ref, matchOf(volume), 3 * 2 ** 30, call()),
      ];
      for (const attempt of refused)
        expect((await refusal(attempt())).message).toContain("roll back to it again, or run fsck with repair");

      const finding = { object: volume.record.uid, message: expect.stringContaining("interrupted") };
      expect(await bench.driver.fsck(bench.ref, { repair: false }, call())).toEqual([{ ...finding, repaired: false }]);
      expect(await bench.driver.fsck(bench.ref, { repair: true }, call())).toEqual([{ ...finding, repaired: true }]);
      expect(await bench.driver.fsck(bench.ref, { repair: false }, call())).toEqual([]);
      const whole = await bench.expect(volume.record.uid, "live");
      expect([whole.health, whole.rollingBackTo, whole.record.sizeBytes]).toEqual(["ready", undefined, 2 * 2 ** 30]);
      await bench.assertBytes(whole, "old");
      expect(await user.do("filled", imageOf(volume))).toEqual([0]);
      await bench.trash(snapshot);
    } finally {
      await user.command({ prefix: "config rm", ...watchTimeout });
    }
  }, 120_000);

  test("one that comes late, when somebody else has finished and the volume is in use again, writes nothing", async () => {
    const volume = await bench.stampedVolume("data", "old");
    const snapshot = await bench.snapshot(volume, "one");
    await bench.stamp(volume, "new");
    // The rollback itself, as the one that was given up asks for it
    const late = {
      snapshot: `krs.${snapshot.record.uid}`,
      size: bench.unit,
      isResumed: false,
      condition: { key: `o.${volume.record.uid}`, by: "of the killed one" },
    };
    const rollback = () =>
      withRequests(cluster(), async (requests) =>
        requests.rollbackImage((await requests.poolId(bench.ref.name)) ?? 0, volume.record.self, late),
      );
    expect(await rollback()).toBe("settled");
    await bench.assertBytes(volume, "new");
    await interrupted(volume, snapshot);
    const release = await harness.use?.(volume);
    expect(await rollback()).toBe("open");
    await release?.();
    await bench.assertBytes(volume, "new");
    expect(await rollback()).toBe("done");
    await bench.assertBytes(volume, "old");
  });

  test("the same call again finishes it, without a safety snapshot of what is of no use, and names the first one", async () => {
    const id = `main/${bench.ref.name}/data`;
    const storage = openStorage({ backends: cephConfig(cluster()) });
    try {
      await storage.createVolume(id, { size: "1MiB" });
      const [volume] = await bench.named("data");
      await bench.stamp(volume as StoredObject, "old");
      await storage.createSnapshot(id, "one");
      await bench.stamp(volume as StoredObject, "new");
      const { safety } = await storage.rollback(`${id}@one`);
      await bench.stamp(volume as StoredObject, "half");
      const [snapshot] = await bench.named("data@one");
      await interrupted(volume as StoredObject, snapshot as StoredObject);
      const again = await storage.rollback(`${id}@one`);
      expect([again.volume.status, again.safety?.uid]).toEqual(["ready", safety?.uid]);
      expect((await bench.contents()).map(({ record: { kind } }) => kind).sort()).toEqual([
        "snapshot",
        "snapshot",
        "volume",
      ]);
      await bench.assertBytes(volume as StoredObject, "old");
      // What had been there before is still to be had
      await interrupted(volume as StoredObject, snapshot as StoredObject);
      const other = await storage.rollback(safety?.id as string);
      expect(other.volume.status).toBe("ready");
      await bench.assertBytes(volume as StoredObject, "new");
    } finally {
      await storage.close();
    }
  }, 60_000);

  test("a change of the volume finishes it first", async () => {
    const id = `main/${bench.ref.name}/data`;
    const storage = openStorage({ backends: cephConfig(cluster()) });
    try {
      await storage.createVolume(id, { size: "1MiB" });
      const [volume] = await bench.named("data");
      await bench.stamp(volume as StoredObject, "old");
      await storage.createSnapshot(id, "one");
      await bench.stamp(volume as StoredObject, "half");
      const [snapshot] = await bench.named("data@one");
      await interrupted(volume as StoredObject, snapshot as StoredObject);
      expect(await storage.growVolume(id, "2MiB")).toMatchObject({ status: "ready", sizeBytes: 2 * 2 ** 20 });
      await bench.assertBytes(volume as StoredObject, "old");
    } finally {
      await storage.close();
    }
  }, 60_000);
});

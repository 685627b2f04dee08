import { setTimeout as sleep } from "node:timers/promises";
import { cephDriver } from "../../../provider/drivers/ceph";
import type { Driver, Log, StoredObject } from "../../../provider/drivers/driver";
import { testClock, testEnv } from "../../../provider/testing";
import { type Bench, call, hourMs, matchOf } from "../../../provider/testing/bench";
import { cephHarness, optionsFor } from "../../contract/harnesses/ceph";
import { describeWith } from "../../support/requires";
import { leaveUnpublished } from "../support/abandoned";
import { imageOf, withBench } from "../support/cephBench";
import { sharedCluster } from "../support/cephCluster";
import { CephDaemons } from "../support/cephDaemons";
import { openImage, readyToOpen } from "../support/consumer";
import { refusal } from "../support/refusal";

describeWith({ needs: ["ceph"] }, "ceph: clients that have a volume open, and those that have died with it", () => {
  const cluster = sharedCluster();
  const harness = cephHarness(cluster);
  let bench: Bench;
  const told: string[] = [];
  const log: Log = {
    debug: () => undefined,
    info: (message) => told.push(message),
    warn: (message) => told.push(message),
  };

  beforeEach(() => {
    told.length = 0;
  });
  withBench(harness, 60_000, (made) => {
    bench = made;
  });

  const opened = (volume: StoredObject) => openImage(cluster().conf, imageOf(volume));
  async function withPatience<Result>(seconds: number, act: (driver: Driver) => Promise<Result>): Promise<Result> {
    const options = { ...optionsFor(cluster()), deadClientSeconds: seconds };
    const driver = cephDriver.open({ name: "test", options }, { ...testEnv(testClock()), log });
    try {
      return await act(driver);
    } finally {
      await driver.close();
    }
  }

  test("a client that was killed is waited for, and the volume deleted when the cluster has forgotten it", async () => {
    const volume = await bench.stampedVolume("data", "kept");
    const client = await opened(volume);
    await client.end();
    const trashed = await withPatience(120, (driver) => driver.trash(bench.ref, matchOf(volume), hourMs, call()));
    expect(trashed?.phase).toBe("trashed");
    expect(told).toEqual([expect.stringMatching(/data is open by client\.\d+ .*waiting up to 120 s/)]);
  }, 180_000);

  /** Has a client killed just as it opens a volume, so that the cluster lists it and has no connection to ask it by. */
  async function listForGood(volume: StoredObject): Promise<void> {
    const osds = ["osd.0", "osd.1", "osd.2"].map((name) => new CephDaemons(cluster).pidOf(name));
    const signal = (name: "SIGSTOP" | "SIGCONT") => osds.forEach((pid) => void process.kill(pid, name));
    // What the OSDs do first when they go on, open the image or see that its client is gone, is theirs to choose
    while ((await bench.driver.holders(bench.ref, volume.record.uid, call())).length === 0) {
      const client = await readyToOpen(cluster().conf, imageOf(volume));
      signal("SIGSTOP");
      client.go();
      await sleep(300);
      await client.end();
      signal("SIGCONT");
    }
  }

  test("one that was killed just as it opened a volume, which the cluster lists but does not ask, is waited for as well", async () => {
    const volume = await bench.volume("data");
    await listForGood(volume);
    const trashed = await withPatience(120, (driver) => driver.trash(bench.ref, matchOf(volume), hourMs, call()));
    expect(trashed?.phase).toBe("trashed");
    const purge = { uid: volume.record.uid, allowDataLoss: volume.record.uid };
    expect(await withPatience(120, (driver) => driver.purge(bench.ref, purge, call()))).toBe(true);
  }, 280_000);

  test("a maker that was killed just as it opened what it made keeps nobody from the name", async () => {
    const unfinished = await bench.volume("data");
    await listForGood(unfinished);
    await leaveUnpublished(bench, harness.user, unfinished.record, { leaseUntil: 1 });
    const made = await withPatience(120, (driver) => driver.create(bench.ref, bench.volumeInputs("data"), call()));
    const { objects } = await bench.list();
    expect(objects.map(({ record, phase, health }) => [record.uid, phase, health])).toEqual([
      [made.record.uid, "live", "ready"],
    ]);
  }, 180_000);

  test("with no time to wait, a delete is refused and says that the client may have died", async () => {
    const volume = await bench.volume("data");
    const client = await opened(volume);
    await client.end();
    const error = await withPatience(0, (driver) => refusal(driver.trash(bench.ref, matchOf(volume), hourMs, call())));
    expect([error.code, error.message]).toEqual(["IN_USE", expect.stringContaining("without an answer")]);
    expect((await bench.expect(volume.record.uid, "live")).health).toBe("ready");
  }, 60_000);

  test("a client that answers is never waited for", async () => {
    const volume = await bench.volume("data");
    const client = await opened(volume);
    try {
      const error = await withPatience(600, (driver) =>
        refusal(driver.trash(bench.ref, matchOf(volume), hourMs, call())),
      );
      expect([error.code, error.message]).toEqual(["IN_USE", expect.stringMatching(/open by client\.\d+/)]);
      expect(told).toEqual([]);
    } finally {
      await client.end();
    }
  }, 60_000);

  test("of a living and a dead client the living one keeps the volume", async () => {
    const volume = await bench.volume("data");
    const dead = await opened(volume);
    await dead.end();
    const release = await harness.use?.(volume);
    try {
      const error = await withPatience(120, (driver) =>
        refusal(driver.trash(bench.ref, matchOf(volume), hourMs, call())),
      );
      expect([error.code, error.message]).toEqual(["IN_USE", expect.stringMatching(/open by client\.\d+ at [^,]+$/)]);
    } finally {
      await release?.();
    }
  }, 180_000);

  test("a wait ends when its call is cancelled, and nothing was changed", async () => {
    const volume = await bench.volume("data");
    const client = await opened(volume);
    await client.end();
    const controller = new AbortController();
    const cancelling: Log = { ...log, info: () => controller.abort() };
    const options = { ...optionsFor(cluster()), deadClientSeconds: 600 };
    const driver = cephDriver.open({ name: "test", options }, { ...testEnv(testClock()), log: cancelling });
    const error = await refusal(driver.trash(bench.ref, matchOf(volume), hourMs, call(controller.signal)));
    await driver.close();
    expect([error.code, error.outcome]).toEqual(["CANCELLED", "not-applied"]);
    expect((await bench.expect(volume.record.uid, "live")).health).toBe("ready");
  }, 60_000);
});

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { Cluster } from "../../../provider/drivers/ceph/cluster";
import { program } from "../../../provider/drivers/ceph/program";
import type { StoredObject } from "../../../provider/drivers/driver";
import { newUid } from "../../../provider/drivers/record";
import { type Bench, call, hourMs, matchOf } from "../../../provider/testing/bench";
import { cephHarness } from "../../contract/harnesses/ceph";
import { describeWith } from "../../support/requires";
import { leaveUnpublished } from "../support/abandoned";
import { imageOf, withBench } from "../support/cephBench";
import { sharedCluster } from "../support/cephCluster";
import { driverOn } from "../support/driverOn";
import { refusal } from "../support/refusal";
import { withRequests } from "../support/requests";

describeWith({ needs: ["ceph"] }, "ceph: what interrupted and late calls leave, and what others do to it", () => {
  const cluster = sharedCluster();
  const harness = cephHarness(cluster);
  const { user } = harness;
  let bench: Bench;

  beforeAll(() => harness.cleanup());
  withBench(harness, 30_000, (made) => {
    bench = made;
  });

  const rbd = (...args: string[]) =>
    execFileSync("rbd", ["--conf", cluster().conf, ...args], { timeout: 60_000, stdio: "pipe" })
      .toString()
      .trim();
  const images = () => rbd("ls", bench.ref.name).split("\n").filter(Boolean).sort();
  const trashed = () => rbd("trash", "ls", "--all", bench.ref.name);
  const purge = ({ record: { uid } }: StoredObject) =>
    bench.driver.purge(bench.ref, { uid, allowDataLoss: uid }, call());
  const fsck = (repair: boolean) => bench.driver.fsck(bench.ref, { repair }, call());
  const late = <Result>(act: (requests: Cluster, pool: number) => Promise<Result>) =>
    withRequests(cluster(), async (requests) => act(requests, (await requests.poolId(bench.ref.name)) ?? 0));

  test("images and snapshots that come about after their maker was given up are found, and go with a repair; nothing else does", async () => {
    const volume = await bench.stampedVolume("data", "kept");
    const clone = await bench.clone(volume, "clone");
    const snapshot = await bench.snapshot(volume, "one");
    for (const { record } of [clone, snapshot]) await leaveUnpublished(bench, user, record);
    await harness.clock.advance(60_000);
    expect((await fsck(true)).filter(({ message }) => message.includes("interrupted"))).toHaveLength(2);
    const purged = await bench.volume("purged");
    await bench.trash(purged);
    await purge(purged);

    // Their makers were not dead
    const { pool, image } = imageOf(volume);
    await late(async (requests, id) => {
      await requests.createImage(id, imageOf(clone).image, bench.unit, null);
      await requests.createSnapshot(id, volume.record.self, `krs.${snapshot.record.uid}`);
      await requests.createSnapshot(id, volume.record.self, `krs-clone.${clone.record.uid}`);
    });
    // Others have these, or the records of them are lost
    const [lost, strange] = [newUid(), newUid()];
    const unknown = `lost.${lost}`;
    for (const name of ["theirs", unknown, imageOf(purged).image]) rbd("create", "--size", "1M", `${pool}/${name}`);
    rbd("snap", "create", `${pool}/${image}@theirs`);
    rbd("snap", "create", `${pool}/${image}@krs.${strange}`);

    const found = await fsck(false);
    expect(found.map(({ object, repaired }) => [object, repaired]).sort()).toEqual(
      [clone.record.uid, clone.record.uid, snapshot.record.uid, purged.record.uid, lost, strange]
        .map((object) => [object, false])
        .sort(),
    );
    const mended = await fsck(true);
    expect(mended.filter(({ repaired }) => repaired)).toHaveLength(3);
    const left = mended.filter(({ repaired }) => !repaired);
    expect(left.map(({ message }) => message)).toEqual(Array(3).fill(expect.stringContaining("left alone")));
    expect(images()).toEqual([image, imageOf(purged).image, "theirs", unknown].sort());
    expect(JSON.parse(rbd("snap", "ls", "--format", "json", `${pool}/${image}`))).toHaveLength(2);
    expect(await fsck(true)).toEqual(left);
    await bench.assertBytes(volume, "kept");
  }, 60_000);

  test("a maker that was given up undoes what it has made too late", async () => {
    class Slow extends Cluster {
      override async createImage(...args: Parameters<Cluster["createImage"]>): Promise<string> {
        await harness.clock.advance(60_000);
        await bench.volume("data");
        return super.createImage(...args);
      }
    }
    const driver = driverOn(cluster(), Slow);
    const error = await refusal(driver.create(bench.ref, bench.volumeInputs("data"), call()));
    await driver.close();
    expect([error.code, error.outcome]).toEqual(["CONFLICT", "not-applied"]);
    const [made] = await bench.named("data");
    expect(images()).toEqual([imageOf(made as StoredObject).image]);
    expect(await fsck(false)).toEqual([]);
  });

  test("what a killed process had asked for and was not begun is not done any more", async () => {
    const { monitors, user: name, keyring } = cluster();
    const pool = await late(async (_, id) => id);
    const worker = spawn("/usr/bin/python3", ["-I", "-c", program], { stdio: ["pipe", "ignore", "inherit"] });
    const conf = { mon_host: monitors.join(","), keyring, log_file: "", admin_socket: "" };
    const settings = { user: name, connectTimeout: 30, threads: 2, conf };
    const requests = Array.from({ length: 500 }, (_, id) => ({
      id,
      operation: "image_create",
      args: { pool, name: `late-${id}`, size: bench.unit, dataPool: null },
    }));
    worker.stdin.end([settings, ...requests].map((each) => `${JSON.stringify(each)}\n`).join(""));
    await once(worker, "exit");
    expect(images().length).toBeLessThan(500);
  }, 60_000);

  test("a volume in the trash whose image was taken out of the cluster's is told, not purged, and put back by a repair", async () => {
    const volume = await bench.stampedVolume("data", "kept");
    await bench.trash(volume);
    rbd("trash", "restore", `${bench.ref.name}/${volume.record.self}`);
    const seen = await bench.expect(volume.record.uid, "trashed");
    expect([seen.health, seen.problem]).toEqual(["damaged", expect.stringContaining("outside")]);
    expect((await refusal(purge(volume))).message).toContain("taken out");
    expect(await fsck(true)).toEqual([
      { object: volume.record.uid, message: expect.stringContaining("outside"), repaired: true },
    ]);
    expect(images()).toEqual([]);
    expect((await bench.expect(volume.record.uid, "trashed")).health).toBe("ready");
    await bench.assertBytes(await bench.undelete(volume), "kept");
  });

  test("a snapshot that comes back brings the image of its deleted volume with it, and takes it along again", async () => {
    const volume = await bench.stampedVolume("data", "kept");
    const snapshot = await bench.trash(await bench.snapshot(volume, "one"));
    await bench.trash(volume);
    const back = await bench.undelete(snapshot);
    await bench.assertBytesInCopy(back, "kept");
    expect(await fsck(false)).toEqual([]);
    await bench.trash(back);
    expect(images()).not.toContain(imageOf(volume).image);
    expect(await fsck(false)).toEqual([]);
    await bench.assertBytes(await bench.undelete(volume), "kept");
  });

  test.each([
    ["under another name", "rescued"],
    ["under its own", undefined],
  ])(
    "the image of a purged volume that somebody has taken out of the cluster's trash %s is not forgotten, and not ended",
    async (_, newName) => {
      const source = await bench.stampedVolume("source", "kept");
      const clone = await bench.clone(source, "clone");
      await bench.trash(source);
      await purge(source);
      const { name } = bench.ref;
      const rescued = newName ?? imageOf(source).image;
      rbd("trash", "restore", "--image", rescued, `${name}/${source.record.self}`);
      await bench.trash(clone);
      await purge(clone);
      const told = { object: source.record.self, message: expect.stringContaining("taken it out"), repaired: false };
      expect(await fsck(true)).toEqual([told]);
      expect(images()).toEqual([rescued]);
      rbd("trash", "mv", `${name}/${rescued}`);
      expect(await fsck(true)).toEqual([]);
      expect(await bench.driver.removePool(bench.ref, matchOf(bench.pool), call())).toBe("removed");
    },
  );

  test("an image that cannot be ended keeps no other from being ended, and is told", async () => {
    const sources = [await bench.volume("a"), await bench.volume("b")];
    const clones: StoredObject[] = [];
    for (const source of sources) clones.push(await bench.clone(source, `${source.record.name}-clone`));
    for (const source of sources) {
      await bench.trash(source);
      await purge(source);
    }
    // The one that comes first
    const [held, other] = sources.map(({ record }) => record.self).sort();
    const key = await user.do("hold", { pool: bench.ref.name, id: held });
    for (const clone of clones) {
      await bench.trash(clone);
      await purge(clone);
    }
    expect(await fsck(true)).toEqual([
      { object: held, message: expect.stringContaining("cannot be ended"), repaired: false },
    ]);
    expect(trashed()).not.toContain(other);
    await user.do("release", { key });
    expect(await fsck(true)).toEqual([]);
    expect(trashed()).toBe("");
  }, 60_000);

  test("a copy whose maker was killed keeps its source only as long as it is waited for, and the refusal says so", async () => {
    const source = await bench.volume("source");
    const { record } = await bench.clone(source, "copy");
    await leaveUnpublished(bench, user, record, { sourceUid: source.record.uid });
    const error = await refusal(bench.driver.trash(bench.ref, matchOf(source), hourMs, call()));
    expect([error.code, error.message]).toEqual(["IN_USE", expect.stringMatching(/copy is just .*maker has died/)]);
    await harness.clock.advance(60_000);
    expect((await bench.trash(source)).phase).toBe("trashed");
    expect(images()).toEqual([]);
  });

  test("a create whose maker was killed keeps its pool only as long as it is waited for, and the refusal says so", async () => {
    const { record } = await bench.volume("data");
    await leaveUnpublished(bench, user, record);
    const remove = () => bench.driver.removePool(bench.ref, matchOf(bench.pool), call());
    const error = await refusal(remove());
    expect([error.code, error.message]).toEqual(["IN_USE", expect.stringMatching(/data \(just being made.*died/)]);
    await harness.clock.advance(60_000);
    expect(await remove()).toBe("removed");
  });
});

import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Cluster } from "../../../provider/drivers/ceph/cluster";
import type { Call, Progress, StoredObject } from "../../../provider/drivers/driver";
import type { Image } from "../../../provider/model/image";
import { type Bench, call } from "../../../provider/testing/bench";
import { cephHarness } from "../../contract/harnesses/ceph";
import { killAll } from "../../engine/support/processes";
import { describeWith } from "../../support/requires";
import { sha256, withBench } from "../support/cephBench";
import { sharedCluster } from "../support/cephCluster";
import { driverOn } from "../support/driverOn";
import { driverProcesses } from "../support/driverProcesses";
import { refusal } from "../support/refusal";

const mib = 2 ** 20;

describeWith({ needs: ["ceph"] }, "ceph: volumes made from files", () => {
  const cluster = sharedCluster();
  const harness = cephHarness(cluster);
  let bench: Bench;
  const files: string[] = [];

  withBench(harness, 60_000, (made) => {
    bench = made;
  });
  afterEach(() => {
    for (const file of files.splice(0)) rmSync(file, { force: true });
  });

  const rbd = (...args: string[]) =>
    execFileSync("rbd", ["--conf", cluster().conf, ...args], { maxBuffer: 2 ** 29, timeout: 60_000, stdio: "pipe" });
  const where = ({ connection }: StoredObject) => {
    const { pool, image } = connection as { pool: string; image: string };
    return `${pool}/${image}`;
  };
  const imagesIn = () => rbd("ls", bench.ref.name).toString().trim();

  /** A file with bytes at some offsets and holes between them. */
  function makeFile(sizeBytes: number, parts: [offset: number, length: number][]): Image {
    const path = join(cluster().folder, `disk-${files.length}.raw`);
    files.push(path);
    const descriptor = openSync(path, "w");
    for (const [offset, length] of parts) writeSync(descriptor, randomBytes(length), 0, length, offset);
    closeSync(descriptor);
    truncateSync(path, sizeBytes);
    return { path, format: "raw" };
  }
  const inputs = (name: string, image: Image, sizeBytes: number) => bench.volumeInputs(name, { image, sizeBytes });
  /** A call that does something when the copy has come a part of the way. */
  function onceUnderWay(act: () => void, signal?: AbortSignal): { under: Call; seen: Progress[] } {
    const seen: Progress[] = [];
    const progress = (each: Progress) => {
      if (seen.push(each) === 1) act();
    };
    return { under: { ...call(signal), progress }, seen };
  }

  test("every byte of a sparse file is there, its holes take no room, and what is beyond it is zeros", async () => {
    const size = 150 * mib + 12_345;
    const image = makeFile(size, [
      [0, 3 * mib],
      [70 * mib + 77, 5 * mib + 3],
      [size - 5, 5],
    ]);
    const { under, seen } = onceUnderWay(() => undefined);
    const volume = await bench.driver.create(bench.ref, inputs("disk", image, 160 * mib), under);
    const bytes = Buffer.concat([readFileSync(image.path), Buffer.alloc(160 * mib - size)]);
    expect(sha256(rbd("export", where(volume), "-"))).toBe(sha256(bytes));
    const [{ used_size: used }] = JSON.parse(rbd("du", "--format", "json", where(volume)).toString()).images;
    expect(used).toBeLessThanOrEqual(5 * 4 * mib);
    expect(seen.at(-1)).toEqual({ doneBytes: size, totalBytes: size });
    expect(seen.length).toBeGreaterThan(2);
  }, 60_000);

  test("a copy that is cancelled leaves nothing", async () => {
    const image = makeFile(96 * mib, [[0, 96 * mib]]);
    const controller = new AbortController();
    const { under, seen } = onceUnderWay(() => controller.abort(), controller.signal);
    const error = await refusal(bench.driver.create(bench.ref, inputs("disk", image, 96 * mib), under));
    expect([error.code, error.outcome]).toEqual(["CANCELLED", "not-applied"]);
    expect(seen).toHaveLength(1);
    expect(imagesIn()).toBe("");
    expect((await bench.list()).objects).toEqual([]);
  }, 60_000);

  test("a file that changes while it is copied is refused, and nothing is made", async () => {
    const image = makeFile(96 * mib, [[0, 96 * mib]]);
    const { under } = onceUnderWay(() => appendFileSync(image.path, "more"));
    const error = await refusal(bench.driver.create(bench.ref, inputs("disk", image, 128 * mib), under));
    expect([error.code, error.message]).toEqual(["IN_USE", expect.stringContaining(image.path)]);
    expect(imagesIn()).toBe("");
  }, 60_000);

  test("what is swapped for the file while it is copied is not what is copied", async () => {
    const image = makeFile(96 * mib, [[0, 96 * mib]]);
    const before = sha256(readFileSync(image.path));
    const { under } = onceUnderWay(() => {
      rmSync(image.path);
      symlinkSync("/etc/passwd", image.path);
    });
    const volume = await bench.driver.create(bench.ref, inputs("disk", image, 96 * mib), under);
    expect(sha256(rbd("export", where(volume), "-"))).toBe(before);
  }, 60_000);

  test("links and what is no plain file are refused", async () => {
    const image = makeFile(mib, [[0, mib]]);
    const link = { ...image, path: `${image.path}.link` };
    files.push(link.path);
    symlinkSync(image.path, link.path);
    for (const each of [link, { ...image, path: "/dev/zero" }, { ...image, path: cluster().folder }]) {
      const error = await refusal(bench.driver.inspectImage(bench.ref, each, call()));
      expect(error.code).toBe("INVALID_ARGUMENT");
      expect((await refusal(bench.volume("disk", { image: each }))).code).toBe("INVALID_ARGUMENT");
    }
    expect(imagesIn()).toBe("");
  });

  test("a copy whose connection dies between two parts of it goes on by the next connection", async () => {
    const image = makeFile(160 * mib, [[0, 160 * mib]]);
    const { under } = onceUnderWay(() => killAll(driverProcesses()));
    const volume = await bench.driver.create(bench.ref, inputs("disk", image, 160 * mib), under);
    expect(sha256(rbd("export", where(volume), "-"))).toBe(sha256(readFileSync(image.path)));
  }, 120_000);

  test("a copy whose process was killed is undone by the next create of its name, which makes the volume whole", async () => {
    const image = makeFile(160 * mib, [[0, 160 * mib]]);
    /** Is killed while it writes, with the image open. */
    class Killed extends Cluster {
      override async writeFile(...args: Parameters<Cluster["writeFile"]>): Promise<void> {
        const [pool, id] = args;
        const writing = super.writeFile(...args);
        writing.catch(() => undefined);
        while ((await super.watchers(pool, id)).length === 0) await sleep(5);
        killAll(driverProcesses());
        return writing;
      }
    }
    const victim = driverOn(cluster(), Killed);
    const error = await refusal(victim.create(bench.ref, inputs("disk", image, 160 * mib), call()));
    expect(error.code).toBe("UNAVAILABLE");
    await victim.close();
    await harness.clock.advance(60_000);
    const volume = await bench.driver.create(bench.ref, inputs("disk", image, 160 * mib), call());
    expect(sha256(rbd("export", where(volume), "-"))).toBe(sha256(readFileSync(image.path)));
    expect(imagesIn()).toBe(where(volume).split("/")[1]);
  }, 180_000);
});

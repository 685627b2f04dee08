import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import type { StoredObject } from "../../../provider/drivers/driver";
import { Transaction } from "../../../provider/drivers/local/transaction";
import { describeWith } from "../../support/requires";
import { call, matchOf, mebibyte, newSnapshot, readText, refusal, Scene, writeText } from "./support/scene";

describeWith({ needs: ["linux"] }, "what uses a disk", () => {
  let scene: Scene;
  let volume: StoredObject;
  let child: ChildProcess | undefined;
  beforeEach(async () => {
    scene = await Scene.start();
    volume = await scene.volume("data");
  });
  afterEach(async () => {
    if (child && child.exitCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
    child = undefined;
    await scene.end();
  });

  async function openElsewhere(flags: string, object = volume): Promise<number> {
    const script =
      "require('fs').openSync(process.argv[1], process.argv[2]); process.stdout.write('open'); setInterval(() => {}, 1000)";
    child = spawn(process.execPath, ["-e", script, scene.disk(object), flags], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (child.stdout) await once(child.stdout, "data");
    return child.pid ?? 0;
  }
  const holders = () => scene.driver.holders(scene.ref, volume.record.uid, call);

  test("nothing, as long as nobody has it open; the driver itself does not count", async () => {
    expect(await holders()).toEqual([]);
    await Promise.all([
      scene.driver.grow(scene.ref, matchOf(volume), 2 * mebibyte, call),
      holders().then((found) => expect(found).toEqual([])),
    ]);
  });

  test("a process that writes: named, and the disk is neither copied, rolled back nor deleted", async () => {
    const snapshot = await scene.snapshot(volume, "one");
    const pid = await openElsewhere("r+");
    expect(await holders()).toEqual([{ name: `process ${pid} (node)`, writes: true }]);
    const canCopy = scene.pool.record.capabilities.onlineSnapshot === "crash";
    if (!canCopy) {
      expect(
        (await refusal(scene.driver.create(scene.ref, newSnapshot(volume, "two"), call), "IN_USE")).message,
      ).toContain(`process ${pid}`);
    }
    const rollback = scene.driver.rollback(scene.ref, matchOf(volume), snapshot.record.uid, call);
    expect((await refusal(rollback, "IN_USE")).message).toContain(`process ${pid}`);
    await scene.trash(snapshot);
    const trash = scene.driver.trash(scene.ref, matchOf(volume), 0, call);
    expect((await refusal(trash, "IN_USE")).message).toContain(`process ${pid}`);
    await scene.driver.grow(scene.ref, matchOf(volume), 2 * mebibyte, call); // growing under a running machine is fine
  });

  test("a process that only reads tears no copy, but is in the way of a rollback", async () => {
    const pid = await openElsewhere("r");
    expect(await holders()).toEqual([{ name: `process ${pid} (node)`, writes: false }]);
    const snapshot = await scene.snapshot(volume, "one");
    expect(snapshot.record.consistency).toBe("offline");
    await refusal(scene.driver.rollback(scene.ref, matchOf(volume), snapshot.record.uid, call), "IN_USE");
  });

  test("this very process, where its program has the disk open", async () => {
    const file = openSync(scene.disk(volume), "r+");
    try {
      expect(await holders()).toEqual([{ name: expect.stringContaining(`process ${process.pid}`), writes: true }]);
      await refusal(scene.driver.trash(scene.ref, matchOf(volume), 0, call), "IN_USE");
    } finally {
      closeSync(file);
    }
    await scene.trash(volume);
  });

  test("who opens a disk between the look and the move to the trash is seen, and the disk is back where it was", async () => {
    writeText(scene.disk(volume), "mine");
    let file: number | undefined;
    const audit = jest.spyOn(Transaction.prototype, "audit").mockImplementation((action) => {
      if (action === "trash") file = openSync(scene.disk(volume), "r+"); // in the middle of the move
    });
    try {
      await refusal(scene.driver.trash(scene.ref, matchOf(volume), 0, call), "IN_USE");
      expect(audit.mock.calls.map(([action]) => action)).toEqual(["trash", "trash-undone"]);
    } finally {
      audit.mockRestore();
      if (file !== undefined) closeSync(file);
    }
    const back = await scene.find(volume);
    expect(back).toMatchObject({ phase: "live", record: { name: "data" }, connection: volume.connection });
    expect(readText(scene.disk(volume), 4)).toBe("mine");
    await scene.trash(back ?? volume);
  });

  test("many deletes at once: only what is in use stays", async () => {
    const others = await Promise.all(Array.from({ length: 20 }, (_, number) => scene.volume(`other-${number}`)));
    await openElsewhere("r");
    const deletes = [volume, ...others].map((each) => scene.driver.trash(scene.ref, matchOf(each), 1000, call));
    const endings = await Promise.allSettled(deletes);
    expect(endings.map(({ status }) => status)).toEqual(["rejected", ...others.map(() => "fulfilled")]);
    const live = (await scene.list()).objects.filter(({ phase }) => phase === "live");
    expect(live.map(({ record }) => record.uid)).toEqual([volume.record.uid]);
  });

  test("what is in the trash and in use is not purged", async () => {
    await scene.trash(volume);
    await openElsewhere("r");
    await refusal(
      scene.driver.purge(scene.ref, { uid: volume.record.uid, allowDataLoss: volume.record.uid }, call),
      "IN_USE",
    );
    expect((await scene.find(volume))?.phase).toBe("trashed");
  });

  test("consumers and holds in the record count as well, and are named", async () => {
    const consumers = [{ id: "vm/web", since: "2031-01-01T00:00:00.000Z" }];
    const used = await scene.driver.update(scene.ref, matchOf(volume), { consumers }, call);
    expect((await refusal(scene.driver.trash(scene.ref, matchOf(used), 0, call), "IN_USE")).message).toContain(
      "vm/web",
    );
    const holds = [{ id: "backup-7", reason: "is reading it", since: "2031-01-01T00:00:00.000Z" }];
    const held = await scene.driver.update(scene.ref, matchOf(volume), { consumers: [], holds }, call);
    expect((await refusal(scene.driver.trash(scene.ref, matchOf(held), 0, call), "IN_USE")).message).toContain(
      "backup-7",
    );
  });

  test("a volume is not deleted over its live snapshots", async () => {
    const snapshot = await scene.snapshot(volume, "one");
    expect((await refusal(scene.driver.trash(scene.ref, matchOf(volume), 0, call), "IN_USE")).message).toContain(
      "data@one",
    );
    await scene.trash(snapshot);
    await scene.trash(volume);
  });

  test("a snapshot that a policy took keeps the volume while someone reads it, and both stay as they were", async () => {
    const taken = { policy: "0123456789abcdef0123456789abcdef", slot: "2031-01-01T00:00:00.000Z" };
    const snapshot = await scene.driver.create(scene.ref, { ...newSnapshot(volume, "n-1"), taken }, call);
    const pid = await openElsewhere("r", snapshot);
    const error = await refusal(scene.driver.trash(scene.ref, matchOf(volume), 0, call), "IN_USE");
    expect(error.message).toContain(String(pid));
    expect((await scene.list()).objects).toEqual(expect.arrayContaining([volume, snapshot]));
  });

  describeWith({ needs: ["loop"] }, "with loop devices", () => {
    test("a loop device is named, and writes unless it is read-only", async () => {
      for (const [options, writes] of [
        [[], true],
        [["--read-only"], false],
      ] as const) {
        const device = execFileSync("losetup", ["--find", "--show", ...options, scene.disk(volume)], {
          encoding: "utf8",
        }).trim();
        try {
          expect(await holders()).toContainEqual({ name: device, writes });
          await refusal(scene.driver.trash(scene.ref, matchOf(volume), 0, call), "IN_USE");
        } finally {
          execFileSync("losetup", ["--detach", device]);
        }
      }
      writeText(scene.disk(volume), "done");
    });
  });
});

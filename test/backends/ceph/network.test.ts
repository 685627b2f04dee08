import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { KrStorageError } from "../../../provider/model/errors";
import { type ObjectInfo, openStorage, type StorageLibrary } from "../../../provider/storage";
import { killAll } from "../../engine/support/processes";
import { describeWith } from "../../support/requires";
import { cephConfig } from "../support/cephBackend";
import { clusterForTests } from "../support/cephCluster";
import { CephUser } from "../support/cephUser";
import { driverProcesses } from "../support/driverProcesses";
import { census, exactly } from "../support/poolCensus";

const names = Array.from({ length: 40 }, (_, index) => `data-${index}`);

describeWith({ needs: ["ceph"] }, "ceph: connections that break, stall and lose what is said", () => {
  const cluster = clusterForTests();
  const user = new CephUser(cluster);
  const opened: StorageLibrary[] = [];
  const open = (options: Record<string, unknown> = {}): StorageLibrary => {
    const main = { ...(cephConfig(cluster()).main as object), ...options };
    const storage = openStorage({ backends: { main } });
    opened.push(storage);
    return storage;
  };
  beforeEach(() => user.clean());
  afterEach(async () => {
    for (const storage of opened.splice(0)) await storage.close();
  });
  afterAll(() => user.close());

  /** An address that takes connections and says nothing, whatever it is told. */
  const swallowing = async (): Promise<{ address: string; taken(): number; end(): Promise<void> }> => {
    const sockets: Socket[] = [];
    const server: Server = createServer((socket) => sockets.push(socket.on("error", () => undefined).resume()));
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const { port } = server.address() as { port: number };
    return {
      address: `127.0.0.1:${port}`,
      /** How many connections it has taken. */
      taken: () => sockets.length,
      end() {
        for (const socket of sockets) socket.destroy();
        return new Promise((closed) => server.close(() => closed()));
      },
    };
  };

  test("a monitor's address that swallows everything: UNAVAILABLE in time; beside one that answers it is no matter", async () => {
    await open().createPool("main/ssd", { reserve: "0B" });
    const nowhere = await swallowing();
    try {
      const alone = open({ monitors: [nowhere.address], answerSeconds: 4 });
      const error = (await alone.list("main/ssd").catch((thrown: unknown) => thrown)) as KrStorageError;
      expect([error.code, error.retryable, error.outcome]).toEqual(["UNAVAILABLE", true, "not-applied"]);
      // Those who ask next are told what was just found out, and do not wait for it once more each
      const taken = nowhere.taken();
      for (let times = 0; times < 10; times += 1)
        await expect(alone.list("main/ssd")).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
      expect(nowhere.taken()).toBe(taken);
      const both = open({ monitors: [nowhere.address, ...cluster().monitors] });
      await both.createVolume("main/ssd/data", { size: "1MiB" });
      expect((await both.list("main/ssd")).map(({ id }) => id)).toEqual(["main/ssd/data"]);
    } finally {
      await nowhere.end();
    }
  }, 60_000);

  test("connections to monitor and OSDs that break again and again, and answers that come late: all is done, and once", async () => {
    // Ceph's own means for this: every so many-th use of a socket ends it; every other message of a client waits up to so many seconds
    const faults = {
      ms_inject_socket_failures: "400",
      ms_inject_delay_type: "client",
      ms_inject_delay_probability: "0.1",
      ms_inject_delay_max: "0.2",
    };
    await open().createPool("main/ssd", { reserve: "0B" });
    for (const [name, value] of Object.entries(faults))
      for (const who of ["osd", "mon"]) await user.command({ prefix: "config set", who, name, value, force: true });
    try {
      const storage = open();
      await Promise.all(names.map((name) => storage.createVolume(`main/ssd/${name}`, { size: "1MiB" })));
      await Promise.all(names.slice(0, 10).map((name) => storage.createSnapshot(`main/ssd/${name}`, "one")));
      await Promise.all(
        names
          .slice(0, 10)
          .map((name) =>
            storage.createVolume(`main/ssd/copy-of-${name}`, { size: "1MiB", from: `main/ssd/${name}@one` }),
          ),
      );
      await Promise.all(names.slice(30).map((name) => storage.delete(`main/ssd/${name}`)));
    } finally {
      for (const name of Object.keys(faults))
        for (const who of ["osd", "mon"]) await user.command({ prefix: "config rm", who, name });
    }
    const seen = await census(cluster(), user);
    const copied = names.slice(0, 10).flatMap((name) => [`${name}@one`, `copy-of-${name}`]);
    expect(seen.ready).toEqual([...names.slice(0, 30), ...copied].sort());
    expect(seen.others.every((each) => / trashed /.test(each))).toBe(true);
    expect([seen.others.length, seen.strays, seen.findings]).toEqual([10, [], []]);
  }, 180_000);

  test("the driver's process is killed again and again while volumes are made: what was not said to be made is made by the next try", async () => {
    const storage = open();
    await storage.createPool("main/ssd", { reserve: "0B" });
    // Soon one after the other, then with time in between in which some are made
    const killing = (async () => {
      let deaths = 0;
      for (const wait of [50, 100, 200, 400, 800, 1_600, 3_200]) {
        await sleep(wait);
        const found = driverProcesses();
        deaths += found.length;
        killAll(found);
      }
      return deaths;
    })();
    const codes = new Set<string>();
    const make = async (name: string): Promise<ObjectInfo> => {
      for (;;) {
        try {
          return await storage.createVolume(`main/ssd/${name}`, { size: "1MiB" });
        } catch (error) {
          codes.add((error as KrStorageError).code);
        }
      }
    };
    await Promise.all(names.map(make));
    expect(await killing).toBeGreaterThan(2);
    expect([...codes].filter((code) => !["UNAVAILABLE", "CONFLICT"].includes(code))).toEqual([]);
    expect(await census(cluster(), user)).toEqual(exactly(names));
  }, 180_000);
});

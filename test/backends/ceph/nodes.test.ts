import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { cephDriver } from "../../../provider/drivers/ceph";
import type { Driver, Nodes } from "../../../provider/drivers/driver";
import { openStorage } from "../../../provider/storage";
import { testClock, testEnv } from "../../../provider/testing";
import { call } from "../../../provider/testing/bench";
import { optionsFor } from "../../contract/harnesses/ceph";
import { describeWith, reasonFor } from "../../support/requires";
import { CliScene } from "../../unit/cli/support/cliScene";
import { cephConfig } from "../support/cephBackend";
import { clusterForTests } from "../support/cephCluster";

interface Answer {
  backends: (Nodes & { backend: string })[];
  without: string[];
}

describeWith({ needs: ["ceph"] }, "ceph: what the cluster stands on, as the restricted user sees it", () => {
  const cluster = clusterForTests();
  let driver: Driver;
  let scene: CliScene;
  beforeAll(async () => {
    driver = cephDriver.open({ name: "main", options: optionsFor(cluster()) }, testEnv(testClock()));
    scene = await CliScene.start();
    scene.configure({ ...cephConfig(cluster()), laptop: { type: "local", path: scene.storagePath } });
  });
  afterAll(async () => {
    await driver?.close();
    scene?.end();
  });

  const ceph = (...args: string[]) => execFileSync("ceph", ["--conf", cluster().conf, ...args], { stdio: "pipe" });
  const pidOf = (daemon: string) => Number(readFileSync(join(cluster().folder, "run", `${daemon}.pid`), "utf8"));
  const look = () => (driver.nodes as NonNullable<Driver["nodes"]>)(call());
  const codesOf = ({ health }: Nodes) => health.checks.map(({ code }) => code);
  /** What room a disk has is told a moment after it is up. */
  const isWhole = ({ health, classes }: Nodes) => health.status === "ok" && classes[0]?.totalBytes === 24 * 2 ** 30;
  const devicesOf = ({ nodes }: Nodes) => nodes.flatMap(({ devices }) => devices);

  // One after the other: each takes more of the cluster away
  test("a healthy cluster: its host, three disks that are up and in, and the room of their class", async () => {
    await until(async () => isWhole(await look()));
    const seen = await look();
    expect(seen.health).toEqual({ status: "ok", word: "HEALTH_OK", checks: [] });
    expect(seen.nodes).toHaveLength(1);
    const [device] = devicesOf(seen);
    expect(devicesOf(seen)).toEqual(
      ["osd.0", "osd.1", "osd.2"].map((name) => ({ name, class: device?.class, isUp: true, isIn: true })),
    );
    const stats = JSON.parse(ceph("df", "--format", "json").toString()).stats as { total_bytes: number };
    expect(seen.classes).toEqual([
      { name: device?.class, totalBytes: stats.total_bytes, freeBytes: expect.any(Number) },
    ]);
    expect(seen.classes[0]?.freeBytes).toBeLessThanOrEqual(stats.total_bytes);
  }, 60_000);

  test("disks by their class, one without a class, one that the cluster has no place for, and what is muted", async () => {
    const [before] = (await look()).classes;
    ceph("osd", "crush", "rm-device-class", "osd.0", "osd.1");
    ceph("osd", "crush", "set-device-class", "nvme", "osd.0");
    const { crush_weight: weight, parent } = placeOf("osd.2");
    ceph("osd", "crush", "remove", "osd.2");
    ceph("osd", "set", "noout");
    // The manager tells of the room in a class a moment after it tells of the class
    await until(async () => {
      const seen = await look();
      return codesOf(seen).includes("OSDMAP_FLAGS") && seen.classes.some(({ name }) => name === "nvme");
    });
    ceph("health", "mute", "OSDMAP_FLAGS");
    const seen = await look();
    expect(seen.nodes).toMatchObject([
      { name: "(no host)", devices: [{ name: "osd.2" }] },
      { name: parent, devices: [{ name: "osd.0", class: "nvme" }, { name: "osd.1" }] },
    ]);
    expect(seen.nodes[1]?.devices[1]).toEqual({ name: "osd.1", isUp: true, isIn: true });
    expect(seen.classes.map(({ name }) => name)).toContain("nvme");
    expect(seen.health.checks.find(({ code }) => code === "OSDMAP_FLAGS")).toMatchObject({ isMuted: true });
    ceph("health", "unmute", "OSDMAP_FLAGS");
    ceph("osd", "unset", "noout");
    ceph("osd", "crush", "add", "osd.2", String(weight), `host=${parent}`);
    ceph("osd", "crush", "rm-device-class", "osd.0");
    for (const osd of ["osd.0", "osd.1", "osd.2"]) {
      ceph("osd", "crush", "rm-device-class", osd);
      ceph("osd", "crush", "set-device-class", before?.name ?? "", osd);
    }
    await until(async () => isWhole(await look()));
  }, 120_000);

  test("krstorage nodes and krstorage doctor show it, and say of another backend that it has none", async () => {
    await withPool();
    const answer = await scene.json<Answer>("nodes");
    expect([answer.backends.map(({ backend }) => backend), answer.without]).toEqual([["main"], ["laptop"]]);
    const { stdout } = await scene.run("nodes");
    expect(stdout).toMatch(/^BACKEND {2}HEALTH {5}CHECK {2}WHAT IT SAYS\nmain {5}HEALTH_OK\n/);
    expect(stdout).toMatch(/^main {5}\S+ +osd\.2 {2}\S+ +up, in$/m);
    expect(stdout).toMatch(/^main +\S+ +24GiB/m);
    expect(stdout).toContain('backend "laptop" is of type local, which has no nodes');
    const refused = await scene.run("nodes", "laptop");
    expect([refused.code, refused.stderr]).toEqual([8, expect.stringContaining("no nodes and disks of its own")]);
    const { stdout: checks } = await scene.run("doctor");
    expect(checks).toMatch(/^ok +health main +HEALTH_OK, 3 of 3 disks up$/m);
    expect(checks).not.toContain("health laptop");
  }, 60_000);

  test("an OSD that is out, and one that has died: seen as such by all that look", async () => {
    ceph("osd", "out", "2");
    process.kill(pidOf("osd.1"), "SIGKILL");
    await until(async () => codesOf(await look()).includes("OSD_DOWN"));
    const seen = await look();
    expect(seen.health).toMatchObject({ status: "warning", word: "HEALTH_WARN" });
    expect(devicesOf(seen)).toMatchObject([
      { name: "osd.0", isUp: true, isIn: true },
      { name: "osd.1", isUp: false, isIn: true },
      { name: "osd.2", isUp: true, isIn: false },
    ]);
    const { stdout } = await scene.run("nodes", "main");
    expect(stdout).toMatch(/^main +HEALTH_WARN +OSD_DOWN +1 osds down$/m);
    expect(stdout).toMatch(/osd\.1 .*down, in$/m);
    expect(stdout).toMatch(/osd\.2 .*up, out$/m);
    const doctor = await scene.run("doctor");
    expect(doctor.stdout).toMatch(
      /^warning +health main +HEALTH_WARN, 2 of 3 disks up, .*OSD_DOWN: 1 osds down.*krstorage nodes main/m,
    );
  }, 120_000);

  test("the agent's metrics say the same, and promtool finds nothing wrong in them", async () => {
    const agent = scene.start(["agent", "--listen", "127.0.0.1:0"]);
    try {
      const address = await new Promise<string>((settle, fail) => {
        agent.on("exit", (code) => fail(new Error(`the agent ended with ${code}`)));
        for (const stream of [agent.stdout, agent.stderr])
          if (stream)
            createInterface({ input: stream }).on("line", (line) => {
              const found = /metrics at (http:\S+\/metrics)/.exec(line)?.[1];
              if (found !== undefined) settle(found);
            });
      });
      const page = async () => (await fetch(address)).text();
      await until(async () => (await page()).includes('krstorage_backend_health{backend="main"}'));
      const text = await page();
      const value = (series: string) =>
        Number(
          text
            .split("\n")
            .find((line) => line.startsWith(`${series} `))
            ?.split(" ")
            .at(-1),
        );
      expect(value('krstorage_backend_health{backend="main"}')).toBe(1);
      expect(value('krstorage_backend_health_check{backend="main",check="OSD_DOWN"}')).toBe(1);
      expect(value('krstorage_backend_nodes{backend="main"}')).toBe(1);
      expect(value('krstorage_backend_devices{backend="main"}')).toBe(3);
      expect(value('krstorage_backend_devices_up{backend="main"}')).toBe(2);
      expect(value('krstorage_backend_devices_in{backend="main"}')).toBe(2);
      const [deviceClass] = (await look()).classes;
      expect(value(`krstorage_device_class_size_bytes{backend="main",class="${deviceClass?.name}"}`)).toBeGreaterThan(
        2 ** 30,
      );
      expect(text).not.toContain('krstorage_backend_health{backend="laptop"}');
      if (reasonFor("promtool") === undefined)
        expect(execFileSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" })).toBe("");
    } finally {
      agent.removeAllListeners("exit");
      const ended = new Promise((settle) => agent.once("close", settle));
      agent.kill("SIGTERM");
      await ended;
    }
  }, 120_000);

  test("without a manager, what the monitors know is still told", async () => {
    const pid = pidOf("mgr.x");
    process.kill(pid, "SIGKILL");
    await until(async () => !existsSync(`/proc/${pid}/exe`));
    const seen = await look();
    expect(devicesOf(seen)).toHaveLength(3);
    expect(seen.classes).toHaveLength(1);
  }, 120_000);

  /** Where the cluster has an OSD. */
  function placeOf(osd: string): { crush_weight: number; parent: string } {
    const { nodes } = JSON.parse(ceph("osd", "tree", "--format", "json").toString()) as {
      nodes: { id: number; name: string; crush_weight: number; children?: number[] }[];
    };
    const found = nodes.find(({ name }) => name === osd);
    const parent = nodes.find(({ children = [] }) => found && children.includes(found.id));
    if (!found || !parent) throw new Error(`the cluster has no place for ${osd}`);
    return { crush_weight: found.crush_weight, parent: parent.name };
  }

  /** A pool, so that nothing else is amiss. */
  async function withPool(): Promise<void> {
    const storage = openStorage({ backends: cephConfig(cluster()) });
    try {
      await storage.createPool("main/ssd");
    } finally {
      await storage.close();
    }
  }
});

/** Waits for what will come about, however long that takes here. */
async function until(isThere: () => Promise<boolean>): Promise<void> {
  while (!(await isThere())) await sleep(200);
}

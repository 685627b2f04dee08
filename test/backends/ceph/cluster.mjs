// A real Ceph cluster of one machine, for tests and for trying things out: a monitor, a manager, three OSDs on sparse files and a file system.
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StepError } from "../../../scripts/lib/console.mjs";
import { run, tail, which } from "../../../scripts/lib/run.mjs";
import { cephConf, portsOf } from "./config.mjs";
import { daemonsOf, pidOf, startDaemon, stopDaemons } from "./daemons.mjs";

export const defaultPort = 26800;
const osds = 3;
const osdSizeBytes = 8 * 2 ** 30;
const longestStartMs = 120_000;

/** What the cluster needs, as Debian calls it: scripts/lib/debian.mjs installs it. */
const programs = ["ceph", "ceph-mon", "ceph-mgr", "ceph-osd", "ceph-mds", "ceph-authtool", "monmaptool", "setpriv"];

/** The file system that shares are in. It is there from the start, as in a cluster that somebody runs. */
export const filesystem = "a";

/** The programs that are missing. */
export const missingPrograms = () => programs.filter((name) => !which(name));

/**
 * What KRStorage's user may do, and nothing more: it makes, renames and removes pools, and reads and writes those that carry
 * its application. It reaches no other pool's data.
 */
export const krstorageCaps = [
  "mon",
  [
    "profile rbd",
    "allow r",
    // Pools are made and removed under names of KRStorage's own: it can end no other pool
    ...["create", "delete", "application enable", "application set", "set", "set-quota"].map(
      (command) => `allow command "osd pool ${command}" with pool prefix krs-`,
    ),
    // What placement rules and profiles it makes, it makes under such names too; it can neither change nor remove any
    ...["osd crush rule create-replicated", "osd crush rule create-erasure", "osd erasure-code-profile set"].map(
      (command) => `allow command "${command}" with name prefix krs-`,
    ),
    'allow command "osd pool rename"',
    'allow command "osd pool op unmanaged-snap"',
    // Users for the volumes of its pools, with these capabilities to the letter: a prefix, or one that is not named, would let it give itself any
    'allow command "auth get-or-create" with entity regex "client[.]krs[.][0-9a-f]{32}" caps_mon="profile rbd"' +
      ' caps_osd regex "allow rwx namespace=.. tag krstorage uid=[0-9a-f]{32}" caps_mgr="allow module krstorage.none r" caps_mds="allow r path=/krstorage.none"',
    'allow command "auth get" with entity regex "client[.]krs[.][0-9a-f]{32}"',
    'allow command "auth rm" with entity regex "client[.]krs[.][0-9a-f]{32}"',
  ].join(", "),
  "mgr",
  // Shares are subvolumes, which the manager makes. No more of it: with "allow r" its other modules would tell what they keep, keys among it
  "allow module volumes rw",
  "osd",
  "allow rwx tag krstorage *=*",
  // Only with all rights does a file system's server say who has something of it mounted. What files hold stays closed to it
  "mds",
  "allow *",
];

/** Starts the cluster in `folder`: a new one, or what does not run of one that was made, with its data. Waits for HEALTH_OK. */
export async function startCluster({ folder, port = defaultPort, bound = false }) {
  const missing = missingPrograms();
  if (missing.length > 0)
    throw new StepError(
      `${missing.join(", ")} not found; to add what is missing: npm test -- --install (Debian, as root)`,
    );
  const isNew = !existsSync(join(folder, "ready"));
  if (isNew && existsSync(join(folder, "ceph.conf")))
    throw new StepError(`${folder} holds a half-made cluster: npm run backend:ceph -- down --purge --folder ${folder}`);
  const [mon, ...others] = daemonsOf(osds);
  const ids = isNew ? await makeFolder({ folder, port }) : [];
  const start = (daemon) => pidOf(folder, daemon.name) ?? startDaemon(folder, daemon, { bound });
  start(mon);
  if (isNew) {
    const making = ids.map((uuid, index) =>
      ceph(folder, "ceph-osd", ["-i", String(index), "--mkfs", "--osd-uuid", uuid]),
    );
    for (const [index, uuid] of ids.entries()) await ceph(folder, "ceph", ["osd", "new", uuid, String(index)]);
    await Promise.all(making);
  }
  for (const daemon of others) start(daemon);
  if (isNew) await makeFilesystem(folder);
  await waitForHealth(folder);
  if (isNew) {
    await ceph(folder, "ceph", [
      "osd",
      "pool",
      "delete",
      "device_health_metrics",
      "device_health_metrics",
      "--yes-i-really-really-mean-it",
    ]).catch(() => undefined);
    writeFileSync(join(folder, "ready"), "");
  }
  return describeCluster(folder);
}

/** Ends the cluster; with `purge` its data too. */
export async function stopCluster({ folder, purge = false }) {
  if (!existsSync(join(folder, "ceph.conf"))) return false;
  await stopDaemons(folder, { signal: purge ? "SIGKILL" : "SIGTERM" });
  if (purge) rmSync(folder, { recursive: true, force: true });
  return true;
}

/** How the cluster is reached, as data. */
export function describeCluster(folder) {
  const conf = readFileSync(join(folder, "ceph.conf"), "utf8");
  const port = Number(/^ms_bind_port_min = (\d+)$/m.exec(conf)[1]) - 10;
  return {
    folder,
    conf: join(folder, "ceph.conf"),
    monitors: [`127.0.0.1:${portsOf(port).v2}`],
    user: "krstorage",
    keyring: join(folder, "krstorage.keyring"),
    adminKeyring: join(folder, "keyring"),
  };
}

async function makeFolder({ folder, port }) {
  const fsid = randomUUID();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of [
    "run",
    "log",
    "crash",
    "mon/a",
    "mgr/x",
    "mds/a",
    ...Array.from({ length: osds }, (_, id) => `osd/${id}`),
  ])
    mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, "ceph.conf"), cephConf({ folder, fsid, port, osdSizeBytes }), { mode: 0o600 });
  const ring = join(folder, "mon.keyring");
  await ceph(folder, "ceph-authtool", [
    "-C",
    ring,
    "--gen-key",
    "-n",
    "mon.",
    "--cap",
    "mon",
    "allow *",
    "--cap",
    "mgr",
    "allow *",
  ]);
  // Every key is made here and handed to the monitor with its first start
  await addKey(folder, ring, "client.admin", "keyring", [
    "mon",
    "allow *",
    "osd",
    "allow *",
    "mgr",
    "allow *",
    "mds",
    "allow *",
  ]);
  await addKey(folder, ring, "client.krstorage", "krstorage.keyring", krstorageCaps);
  await addKey(folder, ring, "mds.a", "mds/a/keyring", [
    "mon",
    "allow profile mds",
    "mgr",
    "allow profile mds",
    "osd",
    "allow rwx tag cephfs *=*",
    "mds",
    "allow",
  ]);
  await addKey(folder, ring, "mgr.x", "mgr/x/keyring", [
    "mon",
    "allow profile mgr",
    "osd",
    "allow *",
    "mds",
    "allow *",
  ]);
  const ids = Array.from({ length: osds }, () => randomUUID());
  for (const index of ids.keys())
    await addKey(folder, ring, `osd.${index}`, `osd/${index}/keyring`, [
      "mon",
      "allow profile osd",
      "mgr",
      "allow profile osd",
      "osd",
      "allow *",
    ]);
  const { v1, v2 } = portsOf(port);
  const map = join(folder, "monmap");
  const addresses = `[v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]`;
  await ceph(folder, "monmaptool", ["--create", "--clobber", "--fsid", fsid, "--addv", "a", addresses, map]);
  await ceph(folder, "ceph-mon", ["--mkfs", "-i", "a", "--monmap", map, "--keyring", ring]);
  return ids;
}

/** With its pools: what serves it stands by until it is there. */
async function makeFilesystem(folder) {
  const pools = ["meta", "data"].map((part) => `cephfs.${filesystem}.${part}`);
  for (const pool of pools) await ceph(folder, "ceph", ["osd", "pool", "create", pool]);
  await ceph(folder, "ceph", ["fs", "new", filesystem, ...pools]);
}

async function addKey(folder, ring, name, file, caps) {
  const pairs = Array.from({ length: caps.length / 2 }, (_, index) => ["--cap", caps[2 * index], caps[2 * index + 1]]);
  await ceph(folder, "ceph-authtool", ["-C", join(folder, file), "--gen-key", "-n", name, ...pairs.flat()]);
  await ceph(folder, "ceph-authtool", [ring, "--import-keyring", join(folder, file)]);
}

/** Runs one of Ceph's programs against this cluster; its output, or an error that has it. */
export async function ceph(folder, command, args) {
  const env = { ...process.env, CEPH_CONF: join(folder, "ceph.conf") };
  const result = await run(command, args, { env, timeout: longestStartMs });
  if (result.code === 0) return result.stdout;
  throw new StepError(`${command} ${args.join(" ")} failed:\n${tail(result.output, 8)}`);
}

async function waitForHealth(folder) {
  const until = Date.now() + longestStartMs;
  for (;;) {
    const status = JSON.parse(await ceph(folder, "ceph", ["status", "--format", "json", "--connect-timeout", "30"]));
    const { num_up_osds: up } = status.osdmap;
    const isServed = status.fsmap.up > 0 && status.fsmap.by_rank.every((rank) => rank.status === "up:active");
    if (status.health.status === "HEALTH_OK" && up === osds && status.mgrmap.available && isServed) return;
    if (Date.now() > until)
      throw new StepError(
        `the cluster in ${folder} is not healthy after ${longestStartMs / 1000} s: ${Object.keys(status.health.checks).join(", ")}; its logs are in ${join(folder, "log")}`,
      );
    await sleep(200);
  }
}

// Starts and ends the daemons of a test cluster: in the foreground mode, with a pid file each, and ended by pid after a look at
// whose process that is.
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** In the order in which they start; they end in the opposite one. */
export const daemonsOf = (osds) => [
  { name: "mon.a", command: "ceph-mon", id: "a" },
  { name: "mgr.x", command: "ceph-mgr", id: "x" },
  ...Array.from({ length: osds }, (_, index) => ({ name: `osd.${index}`, command: "ceph-osd", id: String(index) })),
  { name: "mds.a", command: "ceph-mds", id: "a" },
];

/**
 * Starts one daemon. With `bound` it ends when this process does, however that ends; else it stays when this process is gone.
 */
export function startDaemon(folder, { name, command, id }, { bound }) {
  const args = ["-f", "-i", id, "-c", join(folder, "ceph.conf")];
  const log = openSync(join(folder, "log", `${name}.out`), "a");
  try {
    const child = spawn(
      bound ? "setpriv" : command,
      bound ? ["--pdeathsig", "KILL", command, ...args] : args,
      // A group of its own: Ctrl-C in a terminal must not reach the daemons before they are ended in their order
      { detached: true, stdio: ["ignore", log, log] },
    );
    // A program that cannot be started shows as a cluster that does not come up, with its log
    child.on("error", (error) =>
      writeFileSync(join(folder, "log", `${name}.out`), `${error.message}\n`, { flag: "a" }),
    );
    if (child.pid !== undefined) writeFileSync(pidFile(folder, name), String(child.pid));
    child.unref();
    return child.pid;
  } finally {
    closeSync(log);
  }
}

/** Ends the daemons whose pid files are in the folder, and only processes that run this folder's cluster. */
export async function stopDaemons(folder, { signal = "SIGTERM" } = {}) {
  const names = existsSync(join(folder, "run"))
    ? readdirSync(join(folder, "run"))
        .filter((file) => file.endsWith(".pid"))
        .map((file) => file.slice(0, -".pid".length))
    : [];
  const order = (name) => ["mds", "osd", "mgr", "mon"].indexOf(name.split(".")[0]);
  for (const name of names.sort((a, b) => order(a) - order(b))) await stopDaemon(folder, name, signal);
}

export async function stopDaemon(folder, name, signal = "SIGTERM") {
  const pid = pidOf(folder, name);
  if (pid !== undefined) {
    process.kill(pid, signal);
    for (let waited = 0; pidOf(folder, name) !== undefined; waited += 50) {
      if (waited === 10_000) process.kill(pid, "SIGKILL");
      await sleep(50);
    }
  }
  rmSync(pidFile(folder, name), { force: true });
}

/** The pid of a daemon that runs; undefined where it does not, or where that number is another process by now. */
export function pidOf(folder, name) {
  try {
    const pid = Number(readFileSync(pidFile(folder, name), "utf8"));
    const isZombie = /^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    const isOurs = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(join(folder, "ceph.conf"));
    return isOurs && !isZombie ? pid : undefined;
  } catch {
    return undefined;
  }
}

const pidFile = (folder, name) => join(folder, "run", `${name}.pid`);

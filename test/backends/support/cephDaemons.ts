import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CephCluster } from "./cephCluster";

/** The daemons of a test's own cluster, to be killed and started again. */
export class CephDaemons {
  constructor(private readonly cluster: () => CephCluster) {}

  pidOf(name: string): number {
    return Number(readFileSync(this.pidFile(name), "utf8"));
  }
  /** kill -9; returns what starts the daemon again, with its data. It ends when this process does. */
  async kill(name: string): Promise<() => void> {
    const pid = this.pidOf(name);
    const [command = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    process.kill(pid, "SIGKILL");
    while (isRunning(pid)) await sleep(20);
    return () => {
      const child = spawn("setpriv", ["--pdeathsig", "KILL", command, ...args], { detached: true, stdio: "ignore" });
      // The cluster is ended by its pid files
      writeFileSync(this.pidFile(name), String(child.pid));
      child.unref();
    };
  }

  private pidFile(name: string): string {
    return join(this.cluster().folder, "run", `${name}.pid`);
  }
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

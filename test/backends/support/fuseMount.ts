import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ShareConnection } from "../../../provider/model/share";
import type { CephCluster } from "./cephCluster";

type CephfsConnection = Extract<ShareConnection, { type: "cephfs" }>;

/** A share mounted by ceph-fuse. */
export interface FuseMount {
  folder: string;
  unmount(): Promise<void>;
}

/** The key of a share's cephx user, got by the command that its connection gives for that. */
export function secretOf(connection: CephfsConnection, { conf }: CephCluster): string {
  const [program = "", ...args] = connection.keyCommand.split(" ");
  return execFileSync(program, ["--conf", conf, ...args], { encoding: "utf8" }).trim();
}

/** As `secretOf`, as a keyring. */
export function keyOf(connection: CephfsConnection, cluster: CephCluster): string {
  return `[client.${connection.user}]\n\tkey = ${secretOf(connection, cluster)}\n`;
}

/** Mounts a share by the very command of its connection, at a folder of the test's own, as whoever has that key. */
export async function mountByFuse(connection: CephfsConnection, keyring: string): Promise<FuseMount> {
  const folder = mkdtempSync(join(tmpdir(), "krs-fuse-"));
  const ring = `${folder}.keyring`;
  writeFileSync(ring, keyring, { mode: 0o600 });
  const command = connection.fuseCommand
    .replace(/-k \S+/, `-k ${ring}`)
    .replace(/\S+$/, `${folder} -f --admin_socket= --log_file=/dev/null --client_mount_timeout=5`);
  // Ends with us, however that comes about, and with it the mount
  const client = spawn("setpriv", ["--pdeathsig", "KILL", "sh", "-c", `exec ${command}`], { stdio: "pipe" });
  let complaint = "";
  for (const stream of [client.stdout, client.stderr])
    stream.on("data", (chunk) => {
      complaint += chunk;
    });
  const ended = new Promise<void>((settle) => client.on("exit", () => settle()));
  const remove = () => {
    rmdirSync(folder);
    rmSync(ring);
  };
  while (!isMounted(folder)) {
    if (client.exitCode !== null || client.signalCode !== null) {
      remove();
      throw new Error(`ceph-fuse ended: ${complaint}`);
    }
    await sleep(50);
  }
  return {
    folder,
    async unmount() {
      execFileSync("umount", [folder]);
      await ended;
      remove();
    },
  };
}

function isMounted(folder: string): boolean {
  return execFileSync("cat", ["/proc/mounts"], { encoding: "utf8" }).includes(` ${folder} fuse.ceph-fuse `);
}

// The quickstart's storage in a Ceph cluster that it starts itself, in a folder of the example.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import {
  ceph,
  describeCluster,
  missingPrograms,
  startCluster,
  stopCluster,
} from "../../test/backends/ceph/cluster.mjs";
import { StepError } from "../lib/console.mjs";
import { installCommand } from "../lib/debian.mjs";
import { shown } from "../lib/paths.mjs";
import { openShare } from "./cephShare.mjs";

/** The cluster takes ports up to 60 above the first of them that is free with its neighbour. */
const firstPort = 27_100;
/** As a consumer of disks has one of its own: it may use the images of the quickstart's pool, and make no pools. */
const machineUser = "machine";
const machineCaps = ["mon", "profile rbd", "osd", "profile rbd pool=ssd"];

export function cephPlace({ local }) {
  const folder = join(local, "cluster");
  const machineKeyring = join(folder, "machine.keyring");
  const command = "npm run quickstart -- --backend ceph";
  const isMade = () => existsSync(join(folder, "ready"));
  const use = ({ monitors, pool, image }, action, ...args) => {
    const words = [monitors.join(","), machineUser, machineKeyring, pool, image, action, ...args.map(String)];
    return execFileSync("/usr/bin/python3", ["-I", "-c", useImage, ...words], { timeout: 60_000 }).toString();
  };
  const start = async () => {
    if (isMade()) await startCluster({ folder });
    else await startNew(folder);
    const args = ["auth", "get-or-create", `client.${machineUser}`, ...machineCaps, "-o", machineKeyring];
    await ceph(folder, "ceph", args);
    return "healthy";
  };
  return {
    stackName: "ceph",
    suffix: "-ceph",
    command,
    destroyCommand: `${command} --destroy`,
    afterDestroy: "takes it down and ends the cluster, with everything in it",
    intention: [
      "Starts a Ceph cluster on this machine (or goes on with the one it has started), uses it, and leaves it running: a monitor, a",
      `manager, three storage daemons and a file system's server, processes on 127.0.0.1 that write to ${shown(folder)} alone;`,
      "about 100 MB of disk and 700 MB of memory. It takes about a minute. The first run also builds, and makes a Pulumi CLI where",
      `there is none (with Go, four minutes). ${command} --destroy ends all of it.`,
      "",
    ],
    isThere: isMade,
    checks: [["Ceph's programs", checkPrograms]],
    start: [[`Ceph cluster in ${shown(folder)}`, start]],
    end: [["End of the cluster", () => endCluster(folder)]],
    backend() {
      const { conf, keyring } = describeCluster(folder);
      return { type: "ceph", configFile: conf, keyring };
    },
    /** The machine of the program reads disks as a Ceph user of its own. */
    programConfiguration: () => ({ diskUser: machineUser, diskKeyring: machineKeyring }),
    environment: () => ({ CEPH_CONF: describeCluster(folder).conf }),
    where: () => [`cluster  ${shown(folder)}`],
    next: [
      "  pulumi stack output mount      the command that mounts the share",
      "  npx krstorage nodes            the cluster: its health, disks, room",
      "  rbd ls ssd                     the images behind the volumes, as Ceph itself lists them",
    ],
    writeAt: (connection, offset, text) => void use(connection, "write", offset, text),
    readAt: (connection, offset, length) => use(connection, "read", offset, length),
    openShare: (connection) => openShare(connection, { folder: local, conf: describeCluster(folder).conf }),
  };
}

/** Uses an image by a volume's connection, as a hypervisor does: with Ceph's own library. */
const useImage = `
import sys, rados, rbd
monitors, user, keyring, pool, image, action, offset, what = sys.argv[1:]
conf = {"mon_host": monitors, "keyring": keyring, "client_mount_timeout": "30", "rados_osd_op_timeout": "30"}
with rados.Rados(name="client." + user, conffile=rados.Rados.NO_CONF_FILE, conf=conf) as cluster:
    with cluster.open_ioctx(pool) as io, rbd.Image(io, image) as disk:
        if action == "write":
            disk.write(what.encode(), int(offset))
            disk.flush()
        else:
            sys.stdout.buffer.write(disk.read(int(offset), int(what)))
`;

/** Throws, with the command to type, where Ceph is not installed. */
function checkPrograms() {
  const missing = missingPrograms();
  if (missing.length === 0) return "all there";
  throw new StepError(`not installed: ${missing.join(", ")}. On Debian: ${installCommand()}`);
}

async function startNew(folder) {
  await endCluster(folder); // half-made by a run that was killed: no data has ever been in it
  try {
    await startCluster({ folder, port: await freePort() });
  } catch (error) {
    await endCluster(folder);
    throw error;
  }
}

async function endCluster(folder) {
  await stopCluster({ folder, purge: true });
}

async function freePort() {
  for (let port = firstPort; port < firstPort + 2000; port += 100)
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  throw new StepError(`no free ports for the cluster's monitor between ${firstPort} and ${firstPort + 2000}`);
}

function isFree(port) {
  return new Promise((settle) => {
    const server = createServer().on("error", () => settle(false));
    server.listen(port, "127.0.0.1", () => server.close(() => settle(true)));
  });
}

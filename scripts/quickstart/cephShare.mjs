// A share of the quickstart's cluster, used by its connection and by the key that this names: as its consumers do.
import { execFileSync, spawn } from "node:child_process";
import {
  accessSync,
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StepError } from "../lib/console.mjs";
import { which } from "../lib/run.mjs";

const timeout = 60_000;

/** Opens a share, mounted by ceph-fuse where this user may do that, else by Ceph's own library. `folder` holds the mount and the key meanwhile. */
export async function openShare(connection, { folder, conf }) {
  const place = mkdtempSync(join(folder, "share-"));
  const keyring = join(place, "keyring");
  const [program, ...args] = connection.keyCommand.split(" ");
  const key = execFileSync(program, ["--conf", conf, ...args], { encoding: "utf8", timeout }).trim();
  writeFileSync(keyring, `[client.${connection.user}]\n\tkey = ${key}\n`, { mode: 0o600 });
  const end = () => rmSync(keyring);
  try {
    const files = unmountCommand()
      ? await mounted(connection, keyring, mkdtempSync(join(place, "mnt-")))
      : byLibrary(connection, keyring);
    return {
      ...files,
      async close() {
        await files.close();
        end();
        rmdirSync(place);
      },
    };
  } catch (error) {
    end();
    throw error;
  }
}

/** What unmounts ceph-fuse; undefined where this user cannot mount it. */
function unmountCommand() {
  try {
    accessSync("/dev/fuse", constants.R_OK | constants.W_OK);
  } catch {
    return undefined;
  }
  if (!which("ceph-fuse")) return undefined;
  if (process.getuid() === 0) return ["umount"];
  const program = which("fusermount3") ?? which("fusermount");
  return program && [program, "-u"];
}

async function mounted({ monitors, cephFilesystem, path, user }, keyring, folder) {
  const where = ["-m", monitors.join(","), "--client_fs", cephFilesystem, "-r", path, folder];
  const quiet = ["--admin_socket=", "--log_file=/dev/null", "--client_mount_timeout=30"];
  const args = ["ceph-fuse", "-f", "-n", `client.${user}`, "-k", keyring, ...where, ...quiet];
  // Should this program be killed, the mount is to end, too
  const client = spawn("setpriv", ["--pdeathsig", "KILL", ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let complaint = "";
  client.stderr.on("data", (chunk) => {
    complaint += chunk;
  });
  const ended = new Promise((settle) => client.on("exit", settle));
  while (!readFileSync("/proc/mounts", "utf8").includes(` ${folder} fuse.ceph-fuse `)) {
    if (client.exitCode !== null || client.signalCode !== null)
      throw new StepError(`ceph-fuse did not mount ${path}:\n${complaint}`);
    await sleep(50);
  }
  return {
    how: "mounted by ceph-fuse",
    write: (name, text) => writeFileSync(join(folder, name), text),
    read: (name) => readFileSync(join(folder, name), "utf8"),
    readBefore(uid, name) {
      const snapshot = readdirSync(join(folder, ".snap")).find((each) => each.includes(uid));
      return readFileSync(join(folder, ".snap", snapshot ?? uid, name), "utf8");
    },
    async close() {
      const [program, ...rest] = unmountCommand();
      execFileSync(program, [...rest, folder], { timeout });
      await ended;
      rmdirSync(folder);
    },
  };
}

function byLibrary({ monitors, cephFilesystem, path, user }, keyring) {
  const use = (...words) =>
    execFileSync(
      "/usr/bin/python3",
      ["-I", "-c", useShare, monitors.join(","), user, keyring, cephFilesystem, path, ...words],
      { encoding: "utf8", timeout },
    );
  return {
    how: "by Ceph's own library (ceph-fuse cannot be used here)",
    write: (name, text) => void use("write", name, text),
    read: (name) => use("read", name, ""),
    readBefore: (uid, name) => use("read", name, uid),
    close: async () => undefined,
  };
}

const useShare = `
import sys, cephfs, rados
monitors, user, keyring, filesystem, path, action, name, what = sys.argv[1:]
conf = {"mon_host": monitors, "keyring": keyring, "client_mount_timeout": "30", "rados_osd_op_timeout": "30", "log_to_stderr": "false"}
with rados.Rados(name="client." + user, conffile=rados.Rados.NO_CONF_FILE, conf=conf) as cluster:
    share = cephfs.LibCephFS(rados_inst=cluster)
    share.mount(mount_root=path.encode(), filesystem_name=filesystem.encode())
    if action == "write":
        file = share.open("/" + name, "w", 0o644)
        share.write(file, what.encode(), 0)
        share.fsync(file, 0)
    else:
        folder = "/"
        if what:
            with share.opendir("/.snap") as snapshots:
                each = share.readdir(snapshots)
                while what.encode() not in each.d_name:
                    each = share.readdir(snapshots)
                folder = "/.snap/" + each.d_name.decode() + "/"
        file = share.open(folder + name, "r", 0)
        sys.stdout.write(share.read(file, 0, 2 ** 20).decode())
    share.close(file)
    share.shutdown()
`;

// Debian packages that some tests want. They are installed only where that was asked for; elsewhere the tests that need them
// are skipped, and one command is printed that would add what is missing.
import { heartbeat, note } from "./console.mjs";
import { run, tail, which } from "./run.mjs";

/**
 * Each with a program that tells whether it is there, and what it is for. Add a line when a test needs another one. Groups are installed
 * one after the other: where one cannot be had, the tests that need the others run.
 */
const groups = {
  tools: [
    { name: "strace", program: "strace", for: "killing a process before its n-th system call" },
    { name: "btrfs-progs", program: "mkfs.btrfs", for: "reflink and full-disk tests on a loop device (root)" },
    { name: "xfsprogs", program: "mkfs.xfs", for: "reflink tests on a loop device (root)" },
    { name: "e2fsprogs", program: "mkfs.ext4", for: "disk images of the power cut tests" },
    { name: "user-mode-linux", program: "linux.uml", for: "power cut tests: a kernel that is killed" },
    {
      name: "build-essential",
      program: "g++",
      for: "power cut tests: what their kernel needs on a processor with AMX",
    },
    { name: "prometheus", program: "prometheus", for: "alert rules, and an alert that really arrives" },
    { name: "prometheus-alertmanager", program: "prometheus-alertmanager", for: "an alert that really arrives" },
    { name: "kmod", program: "modprobe", for: "modules of the power cut tests' kernel" },
    { name: "vde2", program: "slirpvde", for: "a network for that kernel, as a consumer of a Ceph cluster" },
    { name: "iproute2", program: "ip", for: "the same, from within" },
  ],
  ceph: [
    { name: "ceph-mon", program: "ceph-mon", for: "a real Ceph cluster: its monitor" },
    { name: "ceph-mgr", program: "ceph-mgr", for: "a real Ceph cluster: its manager" },
    { name: "ceph-osd", program: "ceph-osd", for: "a real Ceph cluster: its storage daemons" },
    { name: "ceph-mds", program: "ceph-mds", for: "a real Ceph cluster: the server of its file system" },
    { name: "ceph-fuse", program: "ceph-fuse", for: "shares of a real Ceph cluster, mounted as their consumers do" },
    {
      name: "ceph-common",
      program: "rbd",
      for: "a real Ceph cluster: librados and librbd, by which the driver reaches it",
    },
  ],
};

/** What installs a cluster's packages, as one line to type. */
export function installCommand() {
  const sudo = process.getuid?.() === 0 ? "" : "sudo ";
  const names = groups.ceph.map(({ name }) => name).join(" ");
  return `${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ${names}`;
}

const superuserFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
const missingOf = (wanted) => wanted.filter(({ program }) => !which(program, { also: superuserFolders }));

/** The packages of a Ceph cluster that are not there, by name. */
export const missingOfCeph = () => missingOf(groups.ceph).map(({ name }) => name);

const aptOptions = ["-o", "DPkg::Lock::Timeout=300", "-y", "--no-install-recommends"];

async function install(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const stop = heartbeat("apt-get");
  try {
    let last;
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const updated = await run("apt-get", ["-o", "DPkg::Lock::Timeout=300", "update"], { env });
      const installed = await run("apt-get", [...aptOptions, "install", ...names], { env });
      if (installed.code === 0) return true;
      last = updated.output + installed.output;
    }
    note(`installing failed, the tests that need it are skipped:\n${tail(last, 8)}`);
    return false;
  } finally {
    stop();
  }
}

/** Makes sure of the packages of these groups as far as that was asked for; what came of it, to be printed. */
export async function debianPackages({ mayInstall, only = Object.keys(groups) }) {
  const missing = () => missingOf(only.flatMap((group) => groups[group]));
  if (process.platform !== "linux") return "not Linux: tests that need Linux tools are skipped";
  const wanted = missing();
  if (wanted.length === 0) return "all there";
  const isRoot = process.getuid() === 0;
  const hasApt = which("apt-get") !== undefined;
  if (mayInstall && isRoot && hasApt) {
    for (const group of only) {
      const names = missingOf(groups[group]).map(({ name }) => name);
      if (names.length === 0) continue;
      note(`installing ${names.join(", ")}`);
      await install(names);
    }
    const still = missing();
    return still.length === 0 ? "installed" : `still missing: ${still.map(({ name }) => name).join(", ")}`;
  }
  const names = wanted.map(({ name }) => name);
  for (const { name, for: purpose } of wanted) note(`missing: ${name.padEnd(16)} ${purpose}`);
  if (!hasApt) note(`to add them: install ${names.join(", ")} with this system's package manager`);
  else
    note(
      `to add them: ${isRoot ? "" : "sudo "}apt-get update && ${isRoot ? "" : "sudo "}apt-get install -y --no-install-recommends ${names.join(" ")}`,
    );
  if (hasApt && isRoot) note("         or: npm test -- --install");
  return "tests that need these are skipped";
}

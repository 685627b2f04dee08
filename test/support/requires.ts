/**
 * Tests that need more than Node: `describeWith({ needs: ["strace"] }, "…", () => { … })`. Where something is missing, one
 * skipped test stands in for the whole block, its name carries the reason, and `npm test` lists it at the end.
 */
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, delimiter, join } from "node:path";

/** What a test can need. `attach` is strace on a process that runs already; `loop` is a loop device that can be mounted; `reflink` is btrfs or xfs on one; `umlCeph` is a guest with a network and the kernel's own clients of Ceph. */
export type Need =
  | "linux"
  | "root"
  | "notRoot"
  | "strace"
  | "attach"
  | "engine"
  | "yaml"
  | "codegen"
  | "python"
  | "pythonHost"
  | "loop"
  | "btrfs"
  | "xfs"
  | "reflink"
  | "tmpfs"
  | "promtool"
  | "prometheus"
  | "systemd"
  | "python3"
  | "ceph"
  | "cephFuse"
  | "uml"
  | "umlCeph";

export interface Requirements {
  readonly needs: readonly Need[];
}

/** The folder of the Pulumi CLI that `npm test` found or made; empty or absent outside of it. */
export const engineBin = (): string => process.env.KRSTORAGE_TEST_ENGINE_BIN ?? "";

const searched = [...(process.env.PATH ?? "").split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const hasProgram = (name: string): boolean => searched.some((folder) => isExecutable(join(folder, name)));
const program = (name: string): string | undefined => (hasProgram(name) ? undefined : `${name} is not installed`);

/** Runs a program; the reason why it failed, or undefined. */
function trial(command: string, args: readonly string[], meaning: string): string | undefined {
  try {
    const env = { ...process.env, PATH: searched.join(delimiter) };
    execFileSync(command, args, { stdio: "ignore", timeout: 10_000, env });
    return undefined;
  } catch {
    return meaning;
  }
}

/** What Linux lets a user trace: "0" is every process of theirs, as it is where the limit does not exist. */
function ptraceScope(): string {
  try {
    return readFileSync("/proc/sys/kernel/yama/ptrace_scope", "utf8").trim();
  } catch {
    return "0";
  }
}

/** For each need: why it is missing, or undefined. Tried, not guessed: a container may have the program but not the right. */
const reasons: Record<Need, () => string | undefined> = {
  linux: () => (process.platform === "linux" ? undefined : "this is not Linux"),
  root: () => (process.getuid?.() === 0 ? undefined : "not running as root"),
  notRoot: () => (process.getuid?.() === 0 ? "running as root" : undefined),
  strace: () =>
    program("strace") ??
    trial("strace", ["-o", "/dev/null", process.execPath, "--version"], "strace may not trace here"),
  attach: () =>
    reasonFor("strace") ??
    (reasonFor("root") && ptraceScope() !== "0"
      ? "strace may not attach to running processes here (kernel.yama.ptrace_scope)"
      : undefined),
  engine: () =>
    isExecutable(join(engineBin(), process.platform === "win32" ? "pulumi.exe" : "pulumi")) && engineBin() !== ""
      ? undefined
      : "no Pulumi CLI (run it by npm test)",
  yaml: () =>
    reasonFor("engine") ??
    (isExecutable(join(process.env.KRSTORAGE_TEST_YAML_BIN || "-", "pulumi-language-yaml"))
      ? undefined
      : "no language host for YAML (run it by npm test)"),
  codegen: () =>
    isExecutable(join(process.env.KRSTORAGE_TEST_CODEGEN_BIN || "-", "codegen"))
      ? undefined
      : "Pulumi's code generators are not built (run it by npm test, with Go)",
  python: () => program("python3") ?? trial("python3", ["-c", "import venv, ensurepip"], "python3 has no venv"),
  pythonHost: () =>
    reasonFor("engine") ??
    (isExecutable(join(process.env.KRSTORAGE_TEST_PYTHON_BIN || "-", "pulumi-language-python"))
      ? undefined
      : "no language host for Python (run it by npm test, with Go)") ??
    (isExecutable(join(process.env.KRSTORAGE_TEST_PYTHON_ENVIRONMENT || "-", "bin", "python3"))
      ? undefined
      : "Pulumi's Python SDK is not installed (run it by npm test, with python3 and a package index for pip)"),
  loop: () => reasonFor("linux") ?? reasonFor("root") ?? trial("losetup", ["--find"], "no loop device can be had"),
  btrfs: () => reasonFor("loop") ?? program("mkfs.btrfs"),
  xfs: () => reasonFor("loop") ?? program("mkfs.xfs"),
  reflink: () =>
    reasonFor("loop") ??
    (reasonFor("btrfs") && reasonFor("xfs") ? "neither mkfs.btrfs nor mkfs.xfs is installed" : undefined),
  promtool: () => program("promtool"),
  systemd: () => program("systemd-analyze"),
  prometheus: () => program("prometheus") ?? program("prometheus-alertmanager"),
  // In a mount namespace of its own: the trial leaves nothing behind.
  tmpfs: () =>
    reasonFor("linux") ??
    reasonFor("root") ??
    trial("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"], "may not mount"),
  python3: () => program("python3"),
  ceph: () =>
    reasonFor("linux") ??
    program("ceph-mon") ??
    program("ceph-mgr") ??
    program("ceph-osd") ??
    program("ceph-mds") ??
    program("rbd"),
  cephFuse: () =>
    reasonFor("ceph") ??
    reasonFor("root") ??
    program("ceph-fuse") ??
    (existsSync("/dev/fuse") ? undefined : "there is no /dev/fuse"),
  uml: () =>
    reasonFor("linux") ??
    program("linux.uml") ??
    program("cc") ??
    program("modprobe") ??
    program("mkfs.ext4") ??
    program("mkfs.xfs"),
  umlCeph: () =>
    reasonFor("uml") ??
    program("vde_switch") ??
    program("slirpvde") ??
    program("ip") ??
    program("mount.ceph") ??
    (hasModule("ceph.ko") && hasModule("rbd.ko") ? undefined : "user-mode-linux has no modules of Ceph"),
};

/** Where Debian has the modules of user-mode-linux. */
export const umlModules = "/usr/lib/uml/modules";

const hasModule = (name: string): boolean =>
  existsSync(umlModules) &&
  readdirSync(umlModules, { recursive: true }).some((path) => basename(String(path)).startsWith(name));

const known = new Map<Need, string | undefined>();

/** Why a need is missing on this machine, or undefined if it is there. Found out once for each test file. */
export function reasonFor(need: Need): string | undefined {
  if (!known.has(need)) known.set(need, reasons[need]());
  return known.get(need);
}

/** The reasons for all needs that are missing. */
export const missing = (needs: readonly Need[]): string[] => [
  ...new Set(needs.map(reasonFor).filter((reason) => reason !== undefined)),
];

/** A `describe` that runs where every need is met, and elsewhere is one skipped test named after what is missing. */
export function describeWith({ needs }: Requirements, name: string, body: () => void): void {
  const reasonsToSkip = missing(needs);
  if (reasonsToSkip.length === 0) {
    describe(name, body);
    return;
  }
  describe(name, () => {
    test.skip(`(skipped: ${reasonsToSkip.join("; ")})`, () => {});
  });
}

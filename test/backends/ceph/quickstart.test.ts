import { execFile, execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../../engine/support/example";
import { temporaryFolder } from "../../engine/support/testStack";
import { describeWith, reasonFor } from "../../support/requires";

interface Ran {
  code: number;
  output: string;
}

describeWith({ needs: ["engine", "ceph"] }, "npm run quickstart -- --backend ceph", () => {
  const around = realpathSync(temporaryFolder("quickstart"));
  const clone = join(around, "clone");
  const example = join(clone, "examples", "quickstart");
  const cluster = join(example, ".local", "cluster");

  beforeAll(() => copyClone(clone), 60_000);
  // Should a test fail half-way: the cluster that it has started
  afterAll(async () => {
    if (existsSync(cluster)) await backend("down", "--purge");
    rmSync(around, { recursive: true, force: true });
  }, 60_000);

  const node = (script: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
    new Promise((resolve) => {
      const options = { cwd: clone, env: { ...process.env, ...engineOnPath(), ...env }, maxBuffer: 2 ** 26 };
      const child = execFile(process.execPath, [join(clone, "scripts", script), ...args], options, (error, out, err) =>
        resolve({ code: error ? (typeof error.code === "number" ? error.code : 1) : 0, output: `${out}${err}` }),
      );
      child.stdin?.end();
    });
  const quickstart = (...args: string[]) => node("quickstart.mjs", ["--backend", "ceph", ...args]);
  const backend = (...args: string[]) => node("backend.mjs", ["ceph", ...args, "--folder", cluster]);
  const daemons = () =>
    readdirSync("/proc").filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`${cluster}/ceph.conf`);
      } catch {
        return false;
      }
    });
  const shell = (text: string) =>
    execFileSync("sh", ["-e", "-c", `. .local/env-ceph.sh\n${text}`], { cwd: example, timeout: 120_000 }).toString();

  // One after the other: each goes on where the one before has stopped
  test("writes, snapshots, clones, changes, restores, each byte checked; says before what it will do", async () => {
    const { code, output } = await quickstart();
    expect([code, output]).toEqual([0, expect.stringContaining("every byte was where it should be")]);
    expect(output.indexOf("Starts a Ceph cluster on this machine")).toBe(0);
    expect(output).toContain("the clone still reads the old bytes");
    expect(output).toMatch(/^ +main\/ssd\/data-copy +volume +64 MiB$/m);
    const how = reasonFor("cephFuse") === undefined ? "mounted by ceph-fuse" : "by Ceph's own library";
    expect(output).toContain(`wrote a file into main/ssd/home, ${how}`);
    expect(output).toContain(
      "took the snapshot main/ssd/home@quickstart and changed the file; in .snap the old one is read",
    );
    expect(output).toMatch(/^ +main\/ssd\/home +share +64 MiB$/m);
    // Nothing stays mounted, and no key stays
    expect(readFileSync("/proc/mounts", "utf8")).not.toContain(example);
    expect(readdirSync(join(example, ".local")).filter((name) => name.startsWith("share-"))).toEqual([]);
  }, 600_000);

  test("what it tells to type next works as it stands, and shows real images", () => {
    expect(shell("npx krstorage nodes")).toMatch(/^main +HEALTH_OK$/m);
    expect(shell("rbd ls ssd").trim().split("\n").sort()).toEqual([
      expect.stringMatching(/^data-copy\.[0-9a-f]{32}$/),
      expect.stringMatching(/^data\.[0-9a-f]{32}$/),
    ]);
    expect(shell("npx krstorage policy plan")).toContain("hourly");
    expect(JSON.parse(shell("pulumi stack output --json --stack ceph"))).toMatchObject({
      boots: 1,
      disk: { type: "rbd", pool: "ssd" },
      mount: expect.stringMatching(/^mount -t ceph -o .*name=krs\.[0-9a-f]{32}/),
    });
    shell("pulumi preview --stack ceph --refresh --expect-no-changes --non-interactive");
  }, 180_000);

  test("run again, also after the cluster was stopped, it changes nothing", async () => {
    const before = shell('krstorage() { npx krstorage "$@"; }; krstorage ls --all --json');
    expect((await backend("down")).code).toBe(0);
    const { code, output } = await quickstart();
    expect([code, output]).toEqual([0, expect.stringContaining("nothing was changed")]);
    expect(output).toContain("nothing to change");
    expect(JSON.parse(shell("npx krstorage ls --all --json"))).toEqual(JSON.parse(before));
  }, 600_000);

  test("--destroy takes the stack down and ends the cluster; once more finds nothing", async () => {
    const pids = daemons();
    expect(pids.length).toBeGreaterThanOrEqual(5);
    const { code, output } = await quickstart("--destroy");
    expect([code, output]).toEqual([0, expect.stringContaining("End of the cluster")]);
    expect([daemons(), existsSync(cluster)]).toEqual([[], false]);
    expect(await quickstart("--destroy")).toMatchObject({ code: 0, output: /nothing to take down/ });
  }, 600_000);

  test("where Ceph's programs are missing: one line with the command, and nothing is made", async () => {
    const only = join(around, "bin");
    mkdirSync(only);
    symlinkSync(process.execPath, join(only, "node"));
    const { code, output } = await node("quickstart.mjs", ["--backend", "ceph"], { PATH: only });
    expect(code).toBe(1);
    expect(output).toMatch(
      /not installed: ceph,.*On Debian: .*apt-get install -y .*ceph-mon ceph-mgr ceph-osd .*ceph-common$/m,
    );
    expect(existsSync(cluster)).toBe(false);
  }, 60_000);

  test("a backend that there is not is said, with those that there are", async () => {
    const { code, output } = await node("quickstart.mjs", ["--backend", "zfs"]);
    expect([code, output]).toEqual([1, expect.stringContaining("[--backend ceph|local]")]);
  });
});

/** The CLI that the tests use, as one that a user has. */
function engineOnPath(): NodeJS.ProcessEnv {
  return { PATH: `${process.env.KRSTORAGE_TEST_ENGINE_BIN}:${process.env.PATH}` };
}

/** What git has of this clone, built as it is here: the real one may be in use by a person's own quickstart. */
function copyClone(to: string): void {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  for (const path of listed
    .toString()
    .split("\0")
    .filter((name) => name !== "" && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(join(root, path), join(to, path), { preserveTimestamps: true });
  }
  cpSync(join(root, "dist"), join(to, "dist"), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(to, "node_modules"), "dir");
}

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStorage } from "../../../provider/storage";
import { root } from "../../engine/support/example";
import { fencedBlocks } from "../../support/markdown";
import { describeWith } from "../../support/requires";
import { cephConfig } from "../support/cephBackend";
import { clusterForTests } from "../support/cephCluster";

const blocks = fencedBlocks(readFileSync(join(root, "docs", "backends", "ceph.md"), "utf8"), "sh");
const blockWith = (text: string): string => {
  const found = blocks.find((block) => block.includes(text));
  if (found === undefined) throw new Error(`docs/backends/ceph.md has no block with ${text}`);
  return found;
};

describeWith({ needs: ["ceph"] }, "docs/backends/ceph.md, its commands as they stand", () => {
  const cluster = clusterForTests();
  const env = () => ({ ...process.env, CEPH_CONF: cluster().conf });
  const asAdministrator = (text: string) =>
    execFileSync("sh", ["-e", "-c", text], { env: env(), timeout: 60_000, stdio: "pipe" }).toString();
  const attempt = (command: string, ...args: string[]) => {
    const { status, stderr } = spawnSync(command, args, { env: env(), timeout: 60_000, encoding: "utf8" });
    return { status, stderr };
  };

  /** Everything that a volume goes through, with a new connection. */
  async function useAs(user: string, keyring: string, pool: string): Promise<void> {
    const { main } = cephConfig(cluster());
    const storage = openStorage({ backends: { main: { ...(main as object), user, keyring } } });
    try {
      await storage.createPool(`main/${pool}`, { trashRetention: "0s" });
      const volume = await storage.createVolume(`main/${pool}/data`, { size: "8MiB", qos: { iops: 100 } });
      await storage.createSnapshot(volume.id, "one");
      await storage.createVolume(`main/${pool}/copy`, { size: "16MiB", from: `${volume.id}@one` });
      await storage.rollback(`${volume.id}@one`);
      expect((await storage.list(`main/${pool}`)).filter(({ kind }) => kind === "volume")).toHaveLength(2);
      const seen = await storage.storage.backend("main").read(undefined, async (driver, call) => driver.nodes?.(call));
      expect(seen?.nodes).toHaveLength(1);
      const objects = await storage.list(`main/${pool}`);
      for (const { id, kind } of objects) if (kind === "snapshot") await storage.delete(id);
      for (const { id, kind } of objects) if (kind === "volume") await storage.delete(id);
      await storage.purge(`main/${pool}`);
      await storage.deletePool(`main/${pool}`);
    } finally {
      await storage.close();
    }
  }

  test("its user can do all that KRStorage does, and can neither see into another pool nor end one", async () => {
    const command = blockWith("ceph auth get-or-create client.krstorage").replace(
      "client.krstorage",
      "client.documented",
    );
    const keyring = join(cluster().folder, "documented.keyring");
    writeFileSync(keyring, asAdministrator(command), { mode: 0o600 });
    await useAs("documented", keyring, "ssd");
    asAdministrator("ceph osd pool create theirs && rados -p theirs put letters.txt /etc/hostname");
    const as = ["--id", "documented", "--keyring", keyring];
    expect(attempt("rados", ...as, "-p", "theirs", "get", "letters.txt", "-")).toMatchObject({
      stderr: /Operation not permitted/,
    });
    const ended = attempt("ceph", ...as, "osd", "pool", "delete", "theirs", "theirs", "--yes-i-really-really-mean-it");
    expect(ended).toMatchObject({ status: 13, stderr: /access denied/ });
    expect(attempt("ceph", ...as, "auth", "get", "client.admin")).toMatchObject({ status: 13 });
    expect(attempt("ceph", ...as, "osd", "out", "0")).toMatchObject({ status: 13 });
    expect(asAdministrator("rados -p theirs ls")).toBe("letters.txt\n");
  }, 120_000);

  test("once the cluster encrypts, who does not is refused, and KRStorage goes on without a setting", async () => {
    const { user, keyring } = cluster();
    asAdministrator("ceph osd pool create plain && rados -p plain put a /etc/hostname");
    const unencrypted = ["--ms_client_mode", "crc", "--client_mount_timeout", "5", "--rados_osd_op_timeout", "5"];
    const readPlainly = () => attempt("rados", ...unencrypted, "-p", "plain", "get", "a", "/dev/null");
    expect(readPlainly()).toMatchObject({ status: 0 });
    asAdministrator(blockWith("ms_service_mode secure"));
    expect(readPlainly().status).not.toBe(0);
    await useAs(user, keyring, "encrypted");
  }, 120_000);
});

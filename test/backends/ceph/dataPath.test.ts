import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStorage, type StorageLibrary } from "../../../provider/storage";
import { describeWith } from "../../support/requires";
import { cephConfig } from "../support/cephBackend";
import { sha256 } from "../support/cephBench";
import { sharedCluster } from "../support/cephCluster";
import { CephUser } from "../support/cephUser";

const sizeBytes = 16 * 2 ** 20;

describeWith({ needs: ["ceph"] }, "ceph: bytes by Ceph's own tools, through the connection that a volume gives", () => {
  const cluster = sharedCluster();
  const user = new CephUser(cluster);
  const folder = mkdtempSync(join(tmpdir(), "krs-data-path-"));
  let storage: StorageLibrary;
  beforeAll(async () => {
    await user.clean();
    storage = openStorage({ backends: cephConfig(cluster()) });
    await storage.createPool("main/ssd", { reserve: "0B" });
    await storage.createPool("main/other", { reserve: "0B" });
    // A machine that may use the images of one pool, and knows nothing of the cluster but a connection and this key
    const caps = ["mon", "profile rbd", "osd", "profile rbd pool=ssd"];
    const made = await user.command({ prefix: "auth get-or-create", entity: "client.machine", caps, format: "json" });
    const [{ key }] = JSON.parse(made) as [{ key: string }];
    writeFileSync(join(folder, "keyring"), `[client.machine]\n\tkey = ${key}\n`, { mode: 0o600 });
  }, 60_000);
  afterAll(async () => {
    await storage.close();
    user.close();
    rmSync(folder, { recursive: true });
  });

  const connectionOf = async (id: string) =>
    (await storage.get(id)).connection as { pool: string; image: string; monitors: string[] };
  const rbd = ({ monitors }: { monitors: string[] }, args: string[], input?: Buffer): Buffer => {
    const flags = ["--conf", "/dev/null", "--mon-host", monitors.join(","), "--id", "machine"];
    const options = { maxBuffer: 2 ** 28, timeout: 60_000, stdio: ["pipe", "pipe", "pipe"] as "pipe"[] };
    return execFileSync("rbd", [...flags, "--keyring", join(folder, "keyring"), ...args], {
      ...options,
      ...(input === undefined ? {} : { input }),
    });
  };
  const read = async (id: string): Promise<Buffer> => {
    const connection = await connectionOf(id);
    return rbd(connection, ["export", "--no-progress", `${connection.pool}/${connection.image}`, "-"]);
  };
  /** Writes bytes into the image, past KRStorage, as an import does. */
  const write = async (id: string, bytes: Buffer): Promise<void> => {
    const connection = await connectionOf(id);
    const { pool, image } = connection;
    const file = join(folder, "bytes");
    writeFileSync(file, bytes);
    rbd(connection, ["import", "--no-progress", file, `${pool}/loaded`]);
    const difference = rbd(connection, ["export-diff", "--no-progress", `${pool}/loaded`, "-"]);
    rbd(connection, ["import-diff", "--no-progress", "-", `${pool}/${image}`], difference);
    rbd(connection, ["rm", "--no-progress", `${pool}/loaded`]);
  };

  test("written, snapshot, clone, overwritten, grown, rolled back, deleted and undeleted: every checksum is right", async () => {
    const bytes = randomBytes(sizeBytes);
    await storage.createVolume("main/ssd/data", { size: "16MiB" });
    await write("main/ssd/data", bytes);
    expect(sha256(await read("main/ssd/data"))).toBe(sha256(bytes));

    await storage.createSnapshot("main/ssd/data", "before");
    const connection = await connectionOf("main/ssd/data");
    const image = `${connection.pool}/${connection.image}`;
    rbd(connection, ["bench", "--io-type", "write", "--io-size", "64K", "--io-total", "8M", image]);
    expect(sha256(await read("main/ssd/data"))).not.toBe(sha256(bytes));
    await storage.createVolume("main/ssd/copy", { size: "16MiB", from: "main/ssd/data@before" });
    expect(sha256(await read("main/ssd/copy"))).toBe(sha256(bytes));

    await storage.growVolume("main/ssd/copy", "32MiB");
    expect(sha256(await read("main/ssd/copy"))).toBe(sha256(Buffer.concat([bytes, Buffer.alloc(sizeBytes)])));
    await storage.rollback("main/ssd/data@before");
    expect(sha256(await read("main/ssd/data"))).toBe(sha256(bytes));

    const { uid } = await storage.get("main/ssd/copy");
    await storage.delete("main/ssd/copy");
    await storage.undelete("main/ssd", uid);
    expect(sha256(await read("main/ssd/copy"))).toBe(sha256(Buffer.concat([bytes, Buffer.alloc(sizeBytes)])));
  }, 120_000);

  test("the machine's key opens no image of another pool, and cannot touch the records", async () => {
    await storage.createVolume("main/other/secret", { size: "1MiB" });
    const connection = await connectionOf("main/other/secret");
    expect(() => rbd(connection, ["export", "--no-progress", `other/${connection.image}`, "-"])).toThrow(
      /not permitted/i,
    );
  }, 60_000);
});

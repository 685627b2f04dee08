import { randomUUID } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Cluster } from "../../../provider/drivers/ceph/cluster";
import { CephDriver } from "../../../provider/drivers/ceph/driver";
import { Filesystems } from "../../../provider/drivers/ceph/filesystems";
import { cephOptions } from "../../../provider/drivers/ceph/options";
import { Worker } from "../../../provider/drivers/ceph/worker";
import type { Driver, StoredObject, StoredPool } from "../../../provider/drivers/driver";
import { type Harness, type Release, testClock, testEnv } from "../../../provider/testing";
import { call, poolInputs } from "../../../provider/testing/bench";
import type { CephCluster } from "../../backends/support/cephCluster";
import { CephUser } from "../../backends/support/cephUser";
import { holdOpen } from "./localFaults";

/** The options of a backend on a cluster that a test has started. */
export function optionsFor({ monitors, user, keyring }: CephCluster) {
  return cephOptions.parse({ monitors, user, keyring, replicas: 2 });
}

/** The `ceph` driver on a real cluster, as the restricted user that the documentation describes. */
export function cephHarness(cluster: () => CephCluster): Harness & { user: CephUser } {
  const clock = testClock();
  const user = new CephUser(cluster);
  /** How far the cluster's clock is ahead of what it is: it cannot be moved, and hours cannot be waited for. */
  let advancedMs = 0;
  /** Files of this machine, as other programs would leave them. */
  const images: string[] = [];
  const reopen = async (): Promise<Driver> => {
    const options = optionsFor(cluster());
    const worker = new Worker("test", options);
    const requests = new Cluster(worker, "test");
    const now = async (pool: number) => (await requests.now(pool)) + advancedMs;
    const filesystems = new Filesystems(worker, "test");
    const site = { backend: "test", options, cluster: requests, filesystems, env: testEnv(clock), now };
    return new CephDriver(site, () => worker.close());
  };
  const rename = (from: string, to: string) => user.command({ prefix: "osd pool rename", srcpool: from, destpool: to });
  return {
    user,
    driverType: "ceph",
    capabilities: {
      copyOnWrite: true,
      onlineSnapshot: "crash",
      trash: true,
      accessModes: ["ReadWriteOnce", "ReadWriteOncePod", "ReadOnlyMany"],
      qos: "backend",
      images: true,
      shareProtocols: ["cephfs"],
      shareQuota: "enforced",
      shareSnapshot: "crash",
      maxShareSnapshots: 99,
    },
    manyObjects: 300,
    clock: {
      jump: (ms) => clock.jump(ms),
      advance(ms) {
        advancedMs += ms;
      },
    },
    async open() {
      advancedMs = 0;
      return reopen();
    },
    reopen,
    async cleanup() {
      for (const image of images.splice(0)) rmSync(image, { force: true });
      await user.clean();
    },
    async writeBytes(volume, offset, bytes) {
      await user.do("write", { ...imageOf(volume), offset, bytes: Buffer.from(bytes).toString("base64") });
    },
    async readBytes(volume, offset, length) {
      return Buffer.from((await user.do("read", { ...imageOf(volume), offset, length })) as string, "base64");
    },
    async use(object): Promise<Release> {
      const isShare = object.record.kind === "share";
      const key = await (isShare ? user.do("hold_share", shareOf(object)) : user.do("hold", imageOf(object)));
      return async () => void (await user.do(isShare ? "release_share" : "release", { key }));
    },
    async putFile(share, path, text) {
      await user.do("put_file", { ...shareOf(share), file: path, text });
    },
    async getFile(share, path) {
      return ((await user.do("get_file", { ...shareOf(share), file: path })) as string | null) ?? undefined;
    },
    async putLink(share, path, target) {
      await user.do("put_link", { ...shareOf(share), file: path, target });
    },
    async getLink(share, path) {
      return ((await user.do("get_link", { ...shareOf(share), file: path })) as string | null) ?? undefined;
    },
    async putImage(bytes) {
      const path = join(cluster().folder, `image-${randomUUID()}.raw`);
      images.push(path);
      writeFileSync(path, bytes);
      return { path, format: "raw" };
    },
    useImage: async ({ path }) => holdOpen(path),
    async removeBehindBack({ record: { name: pool } }, uid) {
      const names = (await user.do("images", { pool })) as string[];
      const image = names.find((name) => name.endsWith(`.${uid}`));
      if (image !== undefined) await user.do("remove_image", { pool, image });
      else await user.do("remove_share", { pool, uid });
    },
    async editRecord({ record: { name: pool } }, uid, edit) {
      for (const key of [`o.${uid}`, `p.${uid}`]) {
        const text = (await user.do("read_table", { pool, key })) as string | null;
        if (text === null) continue;
        const value = JSON.parse(text);
        edit(key.startsWith("o.") ? value.record : value);
        await user.do("edit_table", { pool, key, value: JSON.stringify(value) });
      }
    },
    async unmount({ record: { name } }: StoredPool) {
      await rename(name, `${name}.away`);
      return async () => void (await rename(`${name}.away`, name));
    },
    async swapBackend({ record: { name } }: StoredPool) {
      await rename(name, `${name}.away`);
      const other = await reopen();
      await other.createPool(poolInputs({ name }), call());
      await other.close();
      return async () => {
        await user.command({
          prefix: "osd pool delete",
          pool: name,
          pool2: name,
          yes_i_really_really_mean_it: true,
        });
        await rename(`${name}.away`, name);
      };
    },
    /** The monitor goes on telling of pools, and what is in them is not answered. */
    async breakLists() {
      await user.command({ prefix: "osd set", key: "pause" });
      return async () => void (await user.command({ prefix: "osd unset", key: "pause" }));
    },
    async plantForeign(name) {
      await user.command({ prefix: "osd pool create", pool: name, pool_type: "replicated" });
    },
  };
}

function shareOf({ connection, record }: StoredObject): { filesystem: string; path: string } {
  if (connection?.type !== "cephfs") throw new Error(`${record.name} is no share of CephFS`);
  return { filesystem: connection.cephFilesystem, path: connection.path };
}

function imageOf({ connection, record }: StoredObject): { pool: string; image: string } {
  if (connection?.type !== "rbd") throw new Error(`${record.name} has no image`);
  return { pool: connection.pool, image: connection.image };
}

import type { StorageLibrary } from "../../../provider/storage";
import type { SpineBackend } from "../../engine/support/engineBackend";
import type { StateResource } from "../../engine/support/testStack";
import { policiesIn, usingStorage } from "../../engine/support/usingStorage";
import type { CephCluster } from "./cephCluster";
import type { CephUser } from "./cephUser";

/** The backend of a stack on a cluster. */
export function cephConfig({ monitors, user, keyring }: CephCluster): Record<string, unknown> {
  return { main: { type: "ceph", monitors, user, keyring, replicas: 2 } };
}

/** A cluster as the engine tests handle it. */
export function cephBackend(cluster: CephCluster, user: CephUser): SpineBackend {
  const config = () => cephConfig(cluster);
  const using = <T>(action: (storage: StorageLibrary) => Promise<T>) => usingStorage(config(), action);
  const rename = (from: string, to: string) => user.command({ prefix: "osd pool rename", srcpool: from, destpool: to });
  const poolNames = async () =>
    (JSON.parse(await user.command({ prefix: "osd pool ls", format: "json" })) as string[]).filter(
      (name) => !name.startsWith("cephfs."),
    );
  /** All pools of the scene go out of sight, under names of others. */
  const aside = async (): Promise<() => Promise<void>> => {
    const names = await poolNames();
    for (const name of names) await rename(name, `${name}.aside`);
    return async () => {
      for (const name of names) {
        if ((await poolNames()).includes(name))
          await user.command({
            prefix: "osd pool delete",
            pool: name,
            pool2: name,
            yes_i_really_really_mean_it: true,
          });
        await rename(`${name}.aside`, name);
      }
    };
  };
  return {
    name: "ceph",
    hasShares: true,
    volumeConnection: "rbd",
    granularityBytes: 1,
    config,
    env: () => ({}),
    async write(volume, text) {
      await user.do("write", { ...imageOf(volume), offset: 0, bytes: Buffer.from(text).toString("base64") });
    },
    async read(volume, length) {
      const bytes = (await user.do("read", { ...imageOf(volume), offset: 0, length })) as string;
      return Buffer.from(bytes, "base64").toString();
    },
    list: (poolId) => using((storage) => storage.list(poolId)),
    policies: (poolId) => policiesIn(config(), poolId),
    delete: (id) => using(async (storage) => void (await storage.delete(id))),
    undelete: (poolId, uid) => using(async (storage) => void (await storage.undelete(poolId, uid))),
    removeBehindBack: async (volume) => void (await user.do("remove_image", imageOf(volume))),
    growBehindBack: async (volume, sizeBytes) => void (await user.do("grow_image", { ...imageOf(volume), sizeBytes })),
    async iopsLimit(volume) {
      const settings = (await user.do("settings", imageOf(volume))) as Record<string, string>;
      const limit = settings.conf_rbd_qos_iops_limit;
      return limit === undefined ? undefined : Number(limit);
    },
    unmount: aside,
    async swap(poolName) {
      const back = await aside();
      await using((storage) => storage.createPool(`main/${poolName}`));
      return back;
    },
  };
}

function imageOf(volume: StateResource): { pool: string; image: string } {
  return volume.outputs.connection as { pool: string; image: string };
}

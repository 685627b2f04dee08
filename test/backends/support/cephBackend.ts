import type { ShareConnection } from "../../../provider/model/share";
import type { Connection } from "../../../provider/model/volume";
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
    volumeConnection: "rbd",
    granularityBytes: 1,
    config,
    env: () => ({}),
    async write(object, text) {
      const share = shareOf(object);
      if (share) await user.do("put_file", { ...share, file: preciousFile, text });
      else await user.do("write", { ...imageOf(object), offset: 0, bytes: Buffer.from(text).toString("base64") });
    },
    async read(object, length) {
      const share = shareOf(object);
      if (share) return String(await user.do("get_file", { ...share, file: preciousFile })).slice(0, length);
      const bytes = (await user.do("read", { ...imageOf(object), offset: 0, length })) as string;
      return Buffer.from(bytes, "base64").toString();
    },
    list: (poolId) => using((storage) => storage.list(poolId)),
    policies: (poolId) => policiesIn(config(), poolId),
    delete: (id) => using(async (storage) => void (await storage.delete(id))),
    undelete: (poolId, uid) => using(async (storage) => void (await storage.undelete(poolId, uid))),
    async removeBehindBack(object) {
      if (shareOf(object)) await user.do("remove_share", { uid: object.outputs.uid });
      else await user.do("remove_image", imageOf(object));
    },
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

/** A share's one file that must survive. */
const preciousFile = "precious file";

/** Undefined for a volume. */
function shareOf({ outputs }: StateResource): { filesystem: string; path: string } | undefined {
  const connection = outputs.connection as ShareConnection | Connection;
  return connection.type === "cephfs" ? { filesystem: connection.cephFilesystem, path: connection.path } : undefined;
}

function imageOf(volume: StateResource): { pool: string; image: string } {
  return volume.outputs.connection as { pool: string; image: string };
}

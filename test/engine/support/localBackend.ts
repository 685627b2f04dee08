import { closeSync, mkdirSync, openSync, readSync, renameSync, rmSync, truncateSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import type { StorageLibrary } from "../../../provider/storage";
import type { SpineBackend } from "./engineBackend";
import type { StateResource } from "./testStack";
import { policiesIn, usingStorage } from "./usingStorage";

/** The `local` driver's backend: a folder, and the disks in it as files. */
export function localBackend(folder: string): SpineBackend {
  const path = join(folder, "storage");
  mkdirSync(path, { recursive: true, mode: 0o711 });
  const config = () => ({ main: { type: "local", path } });
  const using = <T>(action: (storage: StorageLibrary) => Promise<T>) => usingStorage(config(), action);
  const aside = async (): Promise<() => Promise<void>> => {
    const kept = `${path}.aside`;
    renameSync(path, kept);
    mkdirSync(path, { mode: 0o711 });
    return async () => {
      rmSync(path, { recursive: true });
      renameSync(kept, path);
    };
  };
  return {
    name: "local",
    volumeConnection: "file",
    granularityBytes: 4096,
    config,
    env: () => ({}),
    async write(object, text) {
      const file = openSync(contentOf(object), isShare(object) ? "w" : "r+");
      writeSync(file, text, 0);
      closeSync(file);
    },
    async read(object, length) {
      const file = openSync(contentOf(object), "r");
      const bytes = Buffer.alloc(length);
      readSync(file, bytes, 0, length, 0);
      closeSync(file);
      return bytes.toString();
    },
    list: (poolId) => using((storage) => storage.list(poolId)),
    policies: (poolId) => policiesIn(config(), poolId),
    delete: (id) => using(async (storage) => void (await storage.delete(id))),
    undelete: (poolId, uid) => using(async (storage) => void (await storage.undelete(poolId, uid))),
    async removeBehindBack(object) {
      rmSync(dirname(pathOf(object)), { recursive: true });
    },
    growBehindBack: async (volume, sizeBytes) => truncateSync(pathOf(volume), sizeBytes),
    iopsLimit: async ({ outputs: { connection } }) =>
      (connection as { ioTune?: { total_iops_sec?: number } }).ioTune?.total_iops_sec,
    unmount: aside,
    async swap(poolName) {
      const back = await aside();
      await using((storage) => storage.createPool(`main/${poolName}`));
      return back;
    },
  };
}

function isShare(object: StateResource): boolean {
  return (object.outputs.connection as { type: string }).type === "directory";
}
function pathOf(object: StateResource): string {
  return (object.outputs.connection as { path: string }).path;
}
/** A volume's disk; in a share, one file. */
function contentOf(object: StateResource): string {
  return isShare(object) ? join(pathOf(object), "precious file") : pathOf(object);
}

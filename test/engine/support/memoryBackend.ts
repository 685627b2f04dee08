import { join } from "node:path";
import type { DriverType } from "../../../provider/drivers/driver";
import { loadDriver, registerDriver } from "../../../provider/drivers/registry";
import type { StorageLibrary } from "../../../provider/storage";
import {
  fileStore,
  type MemoryPool,
  memoryDriver,
  objectIn,
  readBytesInFile,
  writeBytesInFile,
} from "../../contract/memory";
import type { EngineBackend } from "./engineBackend";
import type { StateResource } from "./testStack";
import { policiesIn, usingStorage } from "./usingStorage";

/** The memory driver's backend, which the engine's provider processes load because NODE_OPTIONS tells them to. */
export function memoryBackend(folder: string): EngineBackend {
  registerOnce();
  const file = join(folder, "memory.json");
  const store = fileStore(file);
  const config = () => ({ main: { type: "memory", file } });
  const using = <T>(action: (storage: StorageLibrary) => Promise<T>) => usingStorage(config(), action);
  const replacePools = (pools: Record<string, MemoryPool>): (() => Promise<void>) => {
    const before = store.change((state) => {
      const replaced = state.pools;
      state.pools = pools;
      return replaced;
    });
    return async () =>
      store.change((state) => {
        state.pools = before;
      });
  };
  return {
    name: "memory",
    config,
    env: () => ({ NODE_OPTIONS: `--require ${join(__dirname, "..", "..", "contract", "memory", "register.js")}` }),
    write: async (volume, text) => writeBytesInFile(file, uidOf(volume), 0, Buffer.from(text)),
    read: async (volume, length) => readBytesInFile(file, uidOf(volume), 0, length).toString(),
    list: (poolId) => using((storage) => storage.list(poolId)),
    policies: (poolId) => policiesIn(config(), poolId),
    delete: (id) => using(async (storage) => void (await storage.delete(id))),
    undelete: (poolId, uid) => using(async (storage) => void (await storage.undelete(poolId, uid))),
    removeBehindBack: async (volume) => store.change((state) => void delete objectIn(state, uidOf(volume)).bytes),
    unmount: async () => replacePools({}),
    async swap(poolName) {
      const back = replacePools({});
      await using((storage) => storage.createPool(`main/${poolName}`));
      return back;
    },
  };
}

function registerOnce(): void {
  try {
    loadDriver("memory");
  } catch {
    registerDriver(memoryDriver as unknown as DriverType);
  }
}

function uidOf(volume: StateResource): string {
  return volume.outputs.uid as string;
}

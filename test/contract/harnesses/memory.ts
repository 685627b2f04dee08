import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Driver, DriverEnv } from "../../../provider/drivers/driver";
import type { PoolCapabilities } from "../../../provider/model/pool";
import { type Harness, testClock, testEnv } from "../../../provider/testing";
import {
  emptyState,
  fileStore,
  MemoryDriver,
  type MemoryState,
  type MemoryStore,
  objectIn,
  objectStore,
} from "../memory";
import { editMemoryFiles, memoryFiles, readMemoryBytes, recordIn, writeMemoryBytes } from "../memory/state";

export interface MemoryHarnessOptions {
  /** What opens a driver. Default: the memory driver as it should be. */
  open?: (store: MemoryStore, env: DriverEnv) => Driver;
  capabilities?: Partial<PoolCapabilities>;
  /** Keeps the state in a file, as for several processes. */
  inFile?: boolean;
  manyObjects?: number;
  unsupported?: NonNullable<Harness["unsupported"]>;
}

/** The memory backend under the contract. Everything that can be done to a backend can be done to it. */
export function memoryHarness(options: MemoryHarnessOptions = {}): Harness {
  const clock = testClock();
  const openDriver = options.open ?? ((opened: MemoryStore, env: DriverEnv) => new MemoryDriver(opened, env));
  let folder: string | undefined;
  let store = objectStore(emptyState());
  const change = <Result>(edit: (state: MemoryState) => Result) => store.change(edit);
  const reopen = async (): Promise<Driver> => openDriver(store, testEnv(clock));
  return {
    driverType: "memory",
    capabilities: emptyState(options.capabilities).capabilities,
    unsupported: options.unsupported ?? [],
    clock,
    unitBytes: 16 * 1024,
    manyObjects: options.manyObjects ?? 1200,
    async open() {
      if (options.inFile) folder = mkdtempSync(join(tmpdir(), "krs-memory-"));
      store = folder ? fileStore(join(folder, "state.json")) : objectStore(emptyState());
      change((state) => Object.assign(state.capabilities, options.capabilities));
      return reopen();
    },
    reopen,
    async cleanup() {
      if (folder) rmSync(folder, { recursive: true, force: true });
    },
    writeBytes: async (volume, offset, bytes) =>
      change((state) => writeMemoryBytes(state, volume.record.uid, offset, bytes)),
    readBytes: async (volume, offset, length) => readMemoryBytes(store.read(), volume.record.uid, offset, length),
    putFile: async (share, path, text) =>
      change((state) =>
        editMemoryFiles(state, share.record.uid, ({ files }) => Object.assign(files, { [path]: text })),
      ),
    getFile: async (share, path) => memoryFiles(store.read(), share.record.uid).files[path],
    putLink: async (share, path, target) =>
      change((state) =>
        editMemoryFiles(state, share.record.uid, ({ links }) => Object.assign(links, { [path]: target })),
      ),
    getLink: async (share, path) => memoryFiles(store.read(), share.record.uid).links[path],
    async keepWriting(share) {
      change((state) => Object.assign(objectIn(state, share.record.uid), { isWritten: true }));
      return () => change((state) => void delete objectIn(state, share.record.uid).isWritten);
    },
    async use(volume) {
      change((state) => objectIn(state, volume.record.uid).users.push("process 4711 (vm)"));
      return () => change((state) => void objectIn(state, volume.record.uid).users.pop());
    },
    removeBehindBack: async (_pool, uid) => change((state) => void delete objectIn(state, uid).bytes),
    editRecord: async (_pool, uid, edit) => change((state) => edit(recordIn(state, uid))),
    unmount: async (pool) => replacePool(pool.record.name, () => undefined),
    swapBackend: async (pool) =>
      replacePool(pool.record.name, () => ({
        record: { ...pool.record, identity: "another", uid: "another" },
        objects: [],
        policies: [],
      })),
    async breakLists() {
      change((state) => Object.assign(state, { listFailsAfter: 5 }));
      return () => change((state) => void delete state.listFailsAfter);
    },
    plantForeign: async (name) => change((state) => void state.foreign.push(name)),
  };

  /** Puts something else in the place of a pool, and the pool back in the end. */
  function replacePool(name: string, substitute: () => MemoryState["pools"][string] | undefined): () => void {
    const swap = (pool: MemoryState["pools"][string] | undefined) =>
      change((state) => {
        const before = state.pools[name];
        if (pool) state.pools[name] = pool;
        else delete state.pools[name];
        return before;
      });
    const real = swap(substitute());
    return () => void swap(real);
  }
}

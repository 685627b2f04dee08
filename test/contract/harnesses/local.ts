import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { open as openFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Driver, StoredObject } from "../../../provider/drivers/driver";
import { localDriver } from "../../../provider/drivers/local";
import { type Harness, testClock, testEnv } from "../../../provider/testing";
import { call, poolInputs } from "../../../provider/testing/bench";
import { breakDatabase, canReflink, editRow, holdOpen } from "./localFaults";

/** The `local` driver on a folder of its own below the system's folder for temporary files. */
export function localHarness(): Harness {
  const clock = testClock();
  const reflinks = canReflink();
  let path = "";
  const openAt = (folder: string): Driver =>
    localDriver.open({ name: "test", options: { path: folder } }, testEnv(clock));
  const rootOf = (pool: { record: { name: string } }) => join(path, pool.record.name);
  return {
    driverType: "local",
    capabilities: { copyOnWrite: reflinks, onlineSnapshot: reflinks ? "crash" : "none", trash: true },
    clock,
    async open() {
      path = realpathSync(mkdtempSync(join(tmpdir(), "krs-local-")));
      return openAt(path);
    },
    reopen: async () => openAt(path),
    cleanup: async () => rmSync(path, { recursive: true, force: true }),
    writeBytes: (volume, offset, bytes) =>
      withFile(volume, "r+", async (file) => void (await file.write(bytes, 0, bytes.length, offset))),
    readBytes: (volume, offset, length) =>
      withFile(volume, "r", async (file) => (await file.read(Buffer.alloc(length), 0, length, offset)).buffer),
    use: (volume) => holdOpen(pathOf(volume)),
    removeBehindBack: async (pool, uid) => rmSync(join(rootOf(pool), "data", uid), { recursive: true }),
    editRecord: async (pool, uid, edit) => editRow(join(rootOf(pool), ".krstorage", "pool.db"), uid, edit),
    async unmount(pool) {
      const root = rootOf(pool);
      renameSync(root, `${root}.away`);
      mkdirSync(root, { mode: 0o711 });
      return () => {
        rmdirSync(root); // fails if something was made in the empty mount point
        renameSync(`${root}.away`, root);
      };
    },
    async swapBackend(pool) {
      const root = rootOf(pool);
      renameSync(root, `${root}.away`);
      const other = openAt(path);
      await other.createPool(poolInputs({ name: pool.record.name }), call());
      await other.close();
      return () => {
        rmSync(root, { recursive: true });
        renameSync(`${root}.away`, root);
      };
    },
    breakLists: async (pool) => breakDatabase(join(rootOf(pool), ".krstorage", "pool.db")),
    async plantForeign(name) {
      mkdirSync(join(path, name), { mode: 0o711 });
      writeFileSync(join(path, name, "letters.txt"), "not ours");
    },
  };
}

function pathOf(volume: StoredObject): string {
  if (volume.connection?.type !== "file") throw new Error(`${volume.record.name} has no file`);
  return volume.connection.path;
}

async function withFile<Result>(
  volume: StoredObject,
  flags: string,
  act: (file: Awaited<ReturnType<typeof openFile>>) => Promise<Result>,
): Promise<Result> {
  const file = await openFile(pathOf(volume), flags);
  try {
    return await act(file);
  } finally {
    await file.close();
  }
}

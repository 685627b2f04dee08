import { randomUUID } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open as openFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Driver, StoredObject } from "../../../provider/drivers/driver";
import { localDriver } from "../../../provider/drivers/local";
import { type Harness, testClock, testEnv } from "../../../provider/testing";
import { call, poolInputs } from "../../../provider/testing/bench";
import { breakDatabase, canReflink, editRow, holdOpen, keepWriting } from "./localFaults";

export interface LocalHarnessOptions {
  /** Where it makes folders. Default: the system's folder for temporary files. */
  folder?: () => string;
  /** Whether files there can share blocks. Default: found out by trying. */
  reflinks?: boolean;
  manyObjects?: number;
}

/** The `local` driver on a folder of its own. */
export function localHarness({
  folder = tmpdir,
  reflinks = canReflink(),
  manyObjects = 1200,
}: LocalHarnessOptions = {}): Harness {
  const clock = testClock();
  let path = "";
  const openAt = (at: string): Driver => localDriver.open({ name: "test", options: { path: at } }, testEnv(clock));
  /** Files beside the storage, as other programs would leave them. */
  const images: string[] = [];
  const rootOf = (pool: { record: { name: string } }) => join(path, pool.record.name);
  return {
    driverType: "local",
    capabilities: {
      copyOnWrite: reflinks,
      onlineSnapshot: reflinks ? "crash" : "none",
      trash: true,
      accessModes: ["ReadWriteOnce", "ReadWriteOncePod", "ReadOnlyMany"],
      qos: "consumer",
      images: true,
      shareProtocols: ["directory"],
      shareQuota: "advisory",
      shareSnapshot: reflinks ? "offline" : "none",
    },
    manyObjects,
    clock,
    async open() {
      path = realpathSync(mkdtempSync(join(folder(), "krs-local-")));
      return openAt(path);
    },
    reopen: async () => openAt(path),
    async cleanup() {
      for (const image of images.splice(0)) rmSync(image);
      rmSync(path, { recursive: true, force: true });
    },
    writeBytes: (volume, offset, bytes) =>
      withFile(volume, "r+", async (file) => void (await file.write(bytes, 0, bytes.length, offset))),
    readBytes: (volume, offset, length) =>
      withFile(volume, "r", async (file) => (await file.read(Buffer.alloc(length), 0, length, offset)).buffer),
    async putFile(share, path, text) {
      mkdirSync(dirname(join(pathOf(share), path)), { recursive: true });
      writeFileSync(join(pathOf(share), path), text);
    },
    getFile: async (share, path) =>
      lstatSync(join(pathOf(share), path), { throwIfNoEntry: false })?.isFile()
        ? readFileSync(join(pathOf(share), path), "utf8")
        : undefined,
    putLink: async (share, path, target) => symlinkSync(target, join(pathOf(share), path)),
    getLink: async (share, path) =>
      lstatSync(join(pathOf(share), path), { throwIfNoEntry: false })?.isSymbolicLink()
        ? readlinkSync(join(pathOf(share), path))
        : undefined,
    keepWriting: (share) => keepWriting(join(pathOf(share), "busy")),
    async putImage(bytes) {
      const image = join(path, "..", `image-${randomUUID()}.raw`);
      images.push(image);
      writeFileSync(image, bytes);
      return { path: image, format: "raw" };
    },
    useImage: async (image) => holdOpen(image.path),
    async use(object) {
      if (object.record.kind === "volume") return holdOpen(pathOf(object));
      writeFileSync(join(pathOf(object), "open"), "");
      return holdOpen(join(pathOf(object), "open"));
    },
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

function pathOf({ connection, record }: StoredObject): string {
  if (!connection || !("path" in connection)) throw new Error(`${record.name} has no path`);
  return connection.path;
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

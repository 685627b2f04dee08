import { closeSync, mkdtempSync, openSync, readSync, realpathSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ObjectInfo, openStorage, type StorageLibrary } from "../../../provider/storage";
import { thrown } from "../support/thrown";

/** The library on a real folder. */
let folder: string;
let storage: StorageLibrary;
beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "krs-unit-copies-")));
  storage = openStorage({ backends: { main: { type: "local", path: join(folder, "storage") } }, stackId: "stack-1" });
  await storage.createPool("main/ssd", { reserve: "0B" });
});
afterEach(async () => {
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

function write(volume: ObjectInfo, text: string): void {
  const file = openSync(pathOf(volume), "r+");
  writeSync(file, text, 0);
  closeSync(file);
}
function read(volume: ObjectInfo, length: number): string {
  const bytes = Buffer.alloc(length);
  const file = openSync(pathOf(volume), "r");
  readSync(file, bytes, 0, length, 0);
  closeSync(file);
  return bytes.toString();
}
function pathOf({ connection }: ObjectInfo): string {
  if (connection?.type !== "file") throw new Error("a volume has a file");
  return connection.path;
}

test("AC-27 a clone leaves nothing behind that it needed on the way: the pool has the two volumes, and nothing else", async () => {
  const data = await storage.createVolume("main/ssd/data", { size: "1MiB" });
  write(data, "precious");
  const copy = await storage.createVolume("main/ssd/copy", { size: "1MiB", from: "main/ssd/data" });
  expect(read(copy, 8)).toBe("precious");
  expect((await storage.list("main/ssd")).map(({ id }) => id).sort()).toEqual(["main/ssd/copy", "main/ssd/data"]);
});

test.each([
  [["a", "b", "c"]],
  [["a", "c", "b"]],
  [["b", "a", "c"]],
  [["b", "c", "a"]],
  [["c", "a", "b"]],
  [["c", "b", "a"]],
])("AC-29 a clone of a clone and what they are made from are deleted and ended in any order: %j", async (order) => {
  write(await storage.createVolume("main/ssd/a", { size: "1MiB" }), "precious");
  await storage.createVolume("main/ssd/b", { size: "1MiB", from: "main/ssd/a" });
  await storage.createVolume("main/ssd/c", { size: "1MiB", from: "main/ssd/b" });
  for (const [index, name] of order.entries()) {
    const { uid } = await storage.get(`main/ssd/${name}`);
    expect(await storage.delete(`main/ssd/${name}`)).toBe("trashed");
    expect((await storage.purge("main/ssd", uid)).purged).toEqual([uid]);
    for (const left of order.slice(index + 1)) expect(read(await storage.get(`main/ssd/${left}`), 8)).toBe("precious");
  }
  expect(await storage.list("main/ssd")).toEqual([]);
});

test("AC-10 what was adopted is protected: deleting it takes two changes, and the message says so", async () => {
  const made = await storage.createVolume("main/ssd/data", { size: "1MiB" });
  const other = openStorage({
    backends: { main: { type: "local", path: join(folder, "storage") } },
    stackId: "stack-2",
    owner: "other",
  });
  try {
    await other.createVolume("main/ssd/data", { size: "1MiB", adopt: made.uid });
    const error = await thrown(() => other.delete("main/ssd/data"));
    expect([error.code, error.message]).toEqual([
      "PRECONDITION_FAILED",
      expect.stringMatching(/main\/ssd\/data.*deletionProtection/),
    ]);
    expect((await other.get("main/ssd/data")).uid).toBe(made.uid);
  } finally {
    await other.close();
  }
});

test("a disk that another program made is taken in: its bytes, whatever they look like, and the file stays", async () => {
  const file = join(folder, "old.img");
  writeFileSync(file, Buffer.concat([Buffer.from("QFI\xfb\0\0\0\x03", "latin1"), Buffer.alloc(5000, 1)]));
  const error = await thrown(() =>
    storage.createVolume("main/ssd/old", { size: "4KiB", image: { path: file, format: "raw" } }),
  );
  expect([error.code, error.message]).toEqual(["INVALID_ARGUMENT", expect.stringContaining("give 5008B or more")]);
  const volume = await storage.createVolume("main/ssd/old", { size: "1MiB", image: { path: file, format: "raw" } });
  expect(read(volume, 3)).toBe("QFI");
  write(volume, "new");
  rmSync(file); // it was still there
});

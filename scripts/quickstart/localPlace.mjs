// The quickstart's storage in a folder of the example.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { note } from "../lib/console.mjs";
import { filesystemToAllow } from "../lib/filesystem.mjs";
import { shown } from "../lib/paths.mjs";

export function localPlace({ local }) {
  const storage = join(local, "storage");
  // The driver refuses a root that others may write to or list, whatever the user's umask says.
  const makeFolder = () => {
    mkdirSync(storage, { recursive: true, mode: 0o711 });
    return shown(storage);
  };
  return {
    stackName: "dev",
    /** Of the names of files that only this place has. */
    suffix: "",
    command: "npm run quickstart",
    destroyCommand: "npm run quickstart -- --destroy",
    afterDestroy: "takes it down; data goes to the pool's trash for 24 hours",
    intention: [],
    isThere: () => true,
    /** Steps at the very beginning, before the stack, and after it is taken down: title and work of each. */
    checks: [],
    start: [["Folder for the storage", makeFolder]],
    end: [],
    /** What stands in the stack's configuration as backend "main". The path follows a clone that was moved. */
    backend() {
      const allowFilesystem = filesystemToAllow(storage);
      if (allowFilesystem !== undefined)
        note(
          `this clone lies on ${allowFilesystem}, which KRStorage is not tested on; for the quickstart it is allowed (allowFilesystem)`,
        );
      return { type: "local", path: storage, ...(allowFilesystem ? { allowFilesystem } : {}) };
    },
    programConfiguration: () => ({}),
    environment: () => ({}),
    where: () => [`storage  ${shown(storage)}`],
    next: [],
    writeAt({ path }, offset, text) {
      const file = openSync(path, "r+");
      writeSync(file, text, offset);
      fsyncSync(file);
      closeSync(file);
    },
    readAt({ path }, offset, length) {
      const file = openSync(path, "r");
      const bytes = Buffer.alloc(length);
      readSync(file, bytes, 0, length, offset);
      closeSync(file);
      return bytes.toString();
    },
    openShare: async ({ path }) => ({
      how: "a folder",
      write: (name, text) => writeFileSync(join(path, name), text),
      read: (name) => (existsSync(join(path, name)) ? readFileSync(join(path, name), "utf8") : undefined),
      close: async () => undefined,
    }),
  };
}

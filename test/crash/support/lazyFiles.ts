/** Loaded first in a machine, to prove that the power cut tests can fail: syncing files and folders does nothing. */
import fs from "node:fs";
import fsPromises from "node:fs/promises";

const nothing = () => undefined;
const atOnce = (_: number, callback: fs.NoParamCallback) => setImmediate(callback, null);
Object.assign(fs, { fsyncSync: nothing, fdatasyncSync: nothing, fsync: atOnce, fdatasync: atOnce });

const { open } = fsPromises;
fsPromises.open = async (...args: Parameters<typeof open>) => {
  const handle = await open(...args);
  return Object.assign(handle, { sync: () => Promise.resolve(), datasync: () => Promise.resolve() });
};

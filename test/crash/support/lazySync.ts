/** Loaded first in a machine to prove that the power cut tests can fail: from then on nothing is synced. */
import fs from "node:fs";
import fsPromises from "node:fs/promises";
import { DatabaseSync } from "@photostructure/sqlite";

const nothing = () => undefined;
fs.fsyncSync = nothing;
fs.fdatasyncSync = nothing;

const { open } = fsPromises;
fsPromises.open = async (...args: Parameters<typeof open>) => {
  const handle = await open(...args);
  handle.sync = () => Promise.resolve();
  handle.datasync = () => Promise.resolve();
  return handle;
};

if (process.env.KRSTORAGE_TEST_LAZY === "database") {
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (this: InstanceType<typeof DatabaseSync>, sql: string) {
    return exec.call(this, sql.replace("synchronous = FULL", "synchronous = OFF"));
  };
}

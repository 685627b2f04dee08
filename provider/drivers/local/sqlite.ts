import { pathToFileURL } from "node:url";

type Binding = typeof import("@photostructure/sqlite");
export type Database = InstanceType<Binding["DatabaseSync"]>;
export type Statement = ReturnType<Database["prepare"]>;

const shared = Symbol.for("krstorage.sqlite");

/**
 * The SQLite binding, loaded when a database is first opened. All copies of this package in a process share one: POSIX locks
 * belong to processes, so two SQLite libraries on one file would not see each other's locks and would end them by closing.
 */
function binding(): Binding {
  const store = globalThis as { [shared]?: Binding };
  store[shared] ??= require("@photostructure/sqlite") as Binding;
  return store[shared];
}

/** Opens a database that exists; never makes one. */
export function openExisting(path: string): Database {
  const url = pathToFileURL(path);
  url.searchParams.set("mode", "rw");
  return new (binding().DatabaseSync)(url);
}

/** Opens a database, making it where there is none. */
export function openOrMake(path: string): Database {
  return new (binding().DatabaseSync)(path);
}

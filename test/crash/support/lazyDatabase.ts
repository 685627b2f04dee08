/** Loaded first in a machine, to prove that the power cut tests can fail: a database answers before its commits are durable. */
import { PoolDatabase } from "../../../provider/drivers/local/database";

const open = PoolDatabase.open.bind(PoolDatabase);
PoolDatabase.open = (path, where) => {
  const database = open(path, where);
  database.sql("PRAGMA synchronous = OFF").run();
  return database;
};

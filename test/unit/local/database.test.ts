import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PoolDatabase } from "../../../provider/drivers/local/database";
import { SyncRounds } from "../../../provider/drivers/local/syncRounds";
import { refusal } from "./support/scene";

let folder: string;
let database: PoolDatabase;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "krs-database-"));
  database = PoolDatabase.make(join(folder, "pool.db"), "main/ssd");
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

const insert = (name: string, on = database) =>
  on
    .sql(
      "INSERT INTO objects (uid, kind, name, phase, provisioned, revision, record) VALUES (?, 'volume', ?, 'live', 1, 1, '{}')",
    )
    .run(`uid-${name}`, name);
const count = (on = database) => (on.sql("SELECT count(*) AS n FROM objects").get() as { n: number }).n;

test("an error of one change undoes that change and no other that shares its commit", async () => {
  const endings = await Promise.allSettled([
    database.write(() => insert("a")),
    database.write(() => {
      insert("b");
      throw new Error("no");
    }),
    database.write(() => insert("a")), // the name is taken
    database.write(() => insert("c")),
  ]);
  expect(endings.map((ending) => ending.status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
  expect(count()).toBe(2);
});

test("a read sees one moment, and never the inside of a change", async () => {
  const writes = Array.from({ length: 50 }, (_, index) =>
    database.write(() => {
      insert(`a${index}`);
      insert(`b${index}`);
    }),
  );
  const seen: number[] = [];
  while (seen.at(-1) !== 100) {
    seen.push(await database.read(() => count()));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(writes);
  expect(seen.every((n) => n % 2 === 0)).toBe(true);
});

test("two connections take turns, without blocking each other's event loop", async () => {
  const other = PoolDatabase.open(join(folder, "pool.db"), "main/ssd");
  await Promise.all(
    Array.from({ length: 40 }, (_, index) => {
      const on = index % 2 ? other : database;
      return on.write(() => insert(`v${index}`, on));
    }),
  );
  expect(count(other)).toBe(40);
  await other.close();
});

test("commits are durable: WAL with synchronous FULL, in every connection", async () => {
  const other = PoolDatabase.open(join(folder, "pool.db"), "main/ssd");
  for (const on of [database, other]) {
    expect(on.sql("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
    expect(on.sql("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  }
  await other.close();
});

test("a database that does not exist is not made by opening it; one of a later version is not touched", async () => {
  expect(() => PoolDatabase.open(join(folder, "none.db"), "main/ssd")).toThrow();
  database.sql("SELECT 1").get();
  await database.write(() => database.sql("PRAGMA user_version = 99").run());
  await refusal(
    Promise.resolve().then(() => PoolDatabase.open(join(folder, "pool.db"), "main/ssd")),
    "PRECONDITION_FAILED",
  );
});

test("the sum of what is promised follows every change of an object", async () => {
  await database.write(() =>
    database.sql("INSERT INTO pool (id, identity, record, clock) VALUES (1, 'i', '{}', '{}')").run(),
  );
  await database.write(() => ["a", "b", "c"].map((name) => insert(name)));
  await database.write(() => database.sql("UPDATE objects SET provisioned = 10 WHERE name = 'a'").run());
  await database.write(() => database.sql("DELETE FROM objects WHERE name = 'b'").run());
  expect(database.sql("SELECT provisioned FROM pool").get()).toEqual({ provisioned: 11 });
});

test("a round of fsyncs reports each failure to who asked, and goes on", async () => {
  const rounds = new SyncRounds();
  const endings = await Promise.allSettled([
    rounds.folder(folder),
    rounds.folder(join(folder, "none")),
    rounds.folder(folder),
    rounds.file(9999),
  ]);
  expect(endings.map((ending) => ending.status)).toEqual(["fulfilled", "rejected", "fulfilled", "rejected"]);
  await rounds.folder(folder);
});

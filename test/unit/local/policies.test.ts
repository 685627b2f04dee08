import { existsSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "@photostructure/sqlite";
import type { PolicyRecord } from "../../../provider/drivers/record";
import { call, matchOf, newPolicy, refusal, Scene } from "./support/scene";

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.start();
});
afterEach(() => scene.end());

const keep = (name: string): Promise<PolicyRecord> => scene.driver.createPolicy(scene.ref, newPolicy(name), call);
const copyOf = (policy: PolicyRecord) => scene.file(".krstorage", "policies", `${policy.uid}.json`);
const listed = async (driver = scene.driver) => (await scene.list(driver)).policies;
const remove = (policy: PolicyRecord) => scene.driver.removePolicy(scene.ref, matchOf({ record: policy }), call);

async function loseDatabase(): Promise<void> {
  await scene.driver.close();
  for (const part of ["pool.db", "pool.db-wal", "pool.db-shm"]) rmSync(scene.file(".krstorage", part), { force: true });
}

/** Makes the database what the version before policies and shares had. */
function makeOld(): void {
  const database = new DatabaseSync(scene.file(".krstorage", "pool.db"));
  const kept = database
    .prepare(
      "SELECT sql FROM sqlite_schema WHERE tbl_name = 'objects' AND type IN ('index', 'trigger') AND sql NOT NULL",
    )
    .all() as { sql: string }[];
  database.exec(`BEGIN; DROP TABLE policies;
CREATE TABLE old (
  uid TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('volume', 'snapshot')),
  name TEXT NOT NULL,
  phase TEXT NOT NULL CHECK (phase IN ('creating', 'live', 'trashed', 'purging')),
  session TEXT,
  source_uid TEXT,
  provisioned INTEGER NOT NULL CHECK (provisioned >= 0),
  revision INTEGER NOT NULL,
  record TEXT NOT NULL,
  operation TEXT
) STRICT;
INSERT INTO old SELECT * FROM objects; DROP TABLE objects; ALTER TABLE old RENAME TO objects;
${kept.map(({ sql }) => `${sql};`).join("\n")} COMMIT;`);
  database.close();
  rmSync(scene.file(".krstorage", "policies"), { recursive: true });
}

test("a copy of the record lies beside the database, 0600 in a folder of 0700, and follows every change", async () => {
  const policy = await keep("nightly");
  expect(JSON.parse(readFileSync(copyOf(policy), "utf8"))).toEqual(policy);
  expect(lstatSync(copyOf(policy)).mode & 0o7777).toBe(0o600);
  expect(lstatSync(scene.file(".krstorage", "policies")).mode & 0o7777).toBe(0o700);
  const match = matchOf({ record: policy });
  const updated = await scene.driver.updatePolicy(scene.ref, match, { generation: 2 }, call);
  expect(JSON.parse(readFileSync(copyOf(policy), "utf8"))).toEqual(updated);
  await remove(policy);
  expect(existsSync(copyOf(policy))).toBe(false);
  expect(readdirSync(scene.file(".krstorage", "new"))).toEqual([]);
});

test("every change is in the log, with who made it and what was before", async () => {
  const policy = await keep("nightly");
  await scene.driver.updatePolicy(scene.ref, matchOf({ record: policy }), { generation: 2 }, call);
  await remove(policy);
  const log = scene.sql("SELECT action, actor, name, before, after FROM audit WHERE uid = ? ORDER BY id", policy.uid);
  expect(log.map(({ action }) => action)).toEqual(["create-policy", "update-policy", "remove-policy"]);
  expect(log.every(({ actor, name }) => actor === "tester@unit" && name === "nightly")).toBe(true);
  expect(JSON.parse(String(log[1]?.before))).toEqual(policy);
  expect(log[2]?.after).toBeNull();
});

test("a database that is rebuilt has its policies again, and none that was removed", async () => {
  const [kept, gone] = [await keep("nightly"), await keep("weekly")];
  const match = matchOf({ record: kept });
  const updated = await scene.driver.updatePolicy(scene.ref, match, { generation: 5 }, call);
  await remove(gone);
  await loseDatabase();
  const next = scene.open();
  const findings = await scene.fsck(true, undefined, next);
  expect(findings).toContainEqual(expect.objectContaining({ object: kept.uid, repaired: true }));
  expect(await listed(next)).toEqual([updated]);
  expect(await scene.fsck(false, undefined, next)).toEqual([]);
  expect(await next.removePolicy(scene.ref, match, call)).toBe(true);
});

test("a copy that cannot be read is a damaged policy after a rebuild, and one of another pool is left alone", async () => {
  const [broken, foreign] = [await keep("broken"), await keep("foreign")];
  writeFileSync(copyOf(broken), "{");
  writeFileSync(copyOf(foreign), JSON.stringify({ ...foreign, poolIdentity: "another" }));
  await loseDatabase();
  const next = scene.open();
  await scene.fsck(true, undefined, next);
  const { policies, damaged } = await scene.list(next);
  expect(policies).toEqual([]);
  expect(damaged).toEqual([expect.objectContaining({ uid: broken.uid })]);
  expect(existsSync(copyOf(foreign))).toBe(true);
  await refusal(next.removePolicy(scene.ref, matchOf({ record: broken }), call), "PRECONDITION_FAILED");
});

describe("fsck", () => {
  test("a copy that is missing or old is written anew", async () => {
    const policy = await keep("nightly");
    for (const harm of [() => rmSync(copyOf(policy)), () => writeFileSync(copyOf(policy), "old")]) {
      harm();
      expect(await scene.fsck(false)).toMatchObject([{ object: policy.uid, repaired: false }]);
      expect(await scene.fsck(true)).toMatchObject([{ object: policy.uid, repaired: true }]);
      expect(await scene.fsck(false)).toEqual([]);
      expect(JSON.parse(readFileSync(copyOf(policy), "utf8"))).toEqual(policy);
    }
  });

  test("a row that cannot be read is listed as damaged, and made anew from its copy", async () => {
    const policy = await keep("nightly");
    scene.sql("UPDATE policies SET record = 'nonsense'");
    expect((await scene.list()).damaged).toMatchObject([{ uid: policy.uid, name: "nightly" }]);
    expect(await scene.fsck(true)).toMatchObject([{ object: policy.uid, repaired: true }]);
    expect(await listed()).toEqual([{ ...policy, revision: policy.revision + 1 }]);
    expect(await scene.fsck(false)).toEqual([]);
  });

  test("a policy whose row is gone comes back from its copy; one that was removed does not", async () => {
    const [lost, removed] = [await keep("lost"), await keep("removed")];
    const left = readFileSync(copyOf(removed));
    await remove(removed);
    writeFileSync(copyOf(removed), left); // as if the process had been killed in between
    scene.sql("DELETE FROM policies WHERE uid = ?", lost.uid);
    expect((await scene.fsck(true)).every(({ repaired }) => repaired)).toBe(true);
    expect(await listed()).toEqual([lost]);
    expect(existsSync(copyOf(removed))).toBe(false);
    expect(await scene.fsck(false)).toEqual([]);
  });

  test("what is none of ours among the copies is told and left", async () => {
    const path = scene.file(".krstorage", "policies", "letter.txt");
    writeFileSync(path, "not ours");
    expect(await scene.fsck(true)).toMatchObject([{ object: path, repaired: false }]);
    expect(readFileSync(path, "utf8")).toBe("not ours");
  });
});

describe("a pool of the version before", () => {
  test("reads without being changed, and gets the table with its first change; nothing is lost", async () => {
    const volume = await scene.volume("data", { labels: { a: "b" } });
    const snapshot = await scene.snapshot(volume, "one");
    await scene.driver.close();
    makeOld();
    const next = scene.open();
    expect(await scene.list(next)).toMatchObject({ policies: [], damaged: [] });
    expect(scene.sql("SELECT 1 FROM sqlite_schema WHERE name = 'policies'")).toEqual([]);
    const policy = await next.createPolicy(scene.ref, newPolicy("nightly"), call);
    expect(await listed(next)).toEqual([policy]);
    expect((await scene.list(next)).objects).toEqual(expect.arrayContaining([volume, snapshot]));
    expect(JSON.parse(readFileSync(copyOf(policy), "utf8"))).toEqual(policy);
    expect(await scene.fsck(false, undefined, next)).toEqual([]);
    // What the old table had besides its rows: exclusive names, and the sum of what is promised
    await refusal(next.create(scene.ref, newDisk("data"), call), "ALREADY_EXISTS");
    const before = scene.sql("SELECT provisioned FROM pool")[0]?.provisioned;
    await next.create(scene.ref, newDisk("more"), call);
    expect(scene.sql("SELECT provisioned FROM pool")[0]?.provisioned).toBe(Number(before) + 4096);
    expect(scene.sql("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
    expect(scene.sql("PRAGMA user_version")).toEqual([{ user_version: 1 }]);
  });

  test("a rebuild of it works as before", async () => {
    const volume = await scene.volume("data");
    await scene.driver.close();
    makeOld();
    renameSync(scene.file(".krstorage", "pool.db"), scene.file(".krstorage", "pool.db.away"));
    const next = scene.open();
    await scene.fsck(true, undefined, next);
    expect((await scene.list(next)).objects).toEqual([volume]);
  });
});

function newDisk(name: string) {
  const { generation: _, targets: __, ...base } = newPolicy(name);
  return { ...base, kind: "volume" as const, protection: false, sizeBytes: 4096 };
}

/**
 * One operation of the local driver, on a pool folder, as a process of its own:
 *
 *     node dist/test/crash/localOperation.js <folder of the backend> <pool> <operation> [name] [argument]
 *
 * create <name> [bytes] · grow <name> <bytes> · snapshot <volume@name> · clone <name> <source> · trash <name> · undelete <name> ·
 * purge <name> · rollback <name> <volume@name> · update <name> [label] · createPool · removePool · recover · list · repair.
 * Prints what came of it as one line of JSON; ends with 1 for an error.
 */
import { systemClock } from "../../provider/drivers/clock";
import type { Call, Driver, Match, NewObject, PoolRef, StoredObject } from "../../provider/drivers/driver";
import { localDriver } from "../../provider/drivers/local";
import { newClaim, newUid } from "../../provider/drivers/record";
import { KrStorageError, messageOf } from "../../provider/model/errors";

const hourMs = 3_600_000;
const defaultBytes = 65_536;
const call: Call = { signal: new AbortController().signal, actor: { by: `tester@crash ${process.pid}` } };

type Arguments = [name: string, argument: string];
type Operation = (driver: Driver, ref: PoolRef, ...rest: Arguments) => Promise<unknown>;

const operations: Record<string, Operation> = {
  createPool: (driver, ref) =>
    driver.createPool(
      { ...common(ref.name), settings: { maxOvercommit: 100, reserveBytes: 0, trashRetentionMs: hourMs } },
      call,
    ),
  async removePool(driver, ref) {
    const pool = await driver.readPool(ref, call);
    return pool && driver.removePool(ref, { uid: pool.record.uid, claim: pool.record.claim }, call);
  },
  create: (driver, ref, name, bytes) =>
    driver.create(ref, newObject("volume", name, { sizeBytes: Number(bytes || defaultBytes) }), call),
  async snapshot(driver, ref, name) {
    const source = await find(driver, ref, name.split("@")[0] ?? "", "live");
    return driver.create(ref, newObject("snapshot", name, { sourceUid: source.record.uid }), call);
  },
  async clone(driver, ref, name, from) {
    const source = await find(driver, ref, from, "live");
    return driver.create(ref, newObject("volume", name, { sourceUid: source.record.uid }), call);
  },
  grow: async (driver, ref, name, bytes) => driver.grow(ref, await matchOf(driver, ref, name), Number(bytes), call),
  update: async (driver, ref, name, label) =>
    driver.update(ref, await matchOf(driver, ref, name), { labels: { label: label || "changed" } }, call),
  async rollback(driver, ref, name, to) {
    const snapshot = await find(driver, ref, to, "live");
    return driver.rollback(ref, await matchOf(driver, ref, name), snapshot.record.uid, call);
  },
  trash: async (driver, ref, name) => driver.trash(ref, await matchOf(driver, ref, name), hourMs, call),
  async undelete(driver, ref, name) {
    const { uid } = (await find(driver, ref, name, "trashed")).record;
    return driver.undelete(ref, { uid, claim: newClaim() }, call);
  },
  async purge(driver, ref, name) {
    const { uid } = (await find(driver, ref, name, "trashed", "purging")).record;
    return driver.purge(ref, { uid, allowDataLoss: uid }, call);
  },
  /** A change of nothing, for what every first change does: finishing what dead processes left. */
  recover: (driver, ref) => driver.purge(ref, { uid: newUid() }, call),
  list: async (driver, ref) => (await driver.list(ref, call)).objects,
  repair: (driver, ref) => driver.fsck(ref, { repair: true }, call),
};

function common(name: string) {
  return { name, uid: newUid(), claim: newClaim(), owner: `crash/${name}`, requested: {}, labels: {} };
}

function newObject(kind: NewObject["kind"], name: string, fields: Partial<NewObject>): NewObject {
  return { kind, ...common(name), protection: false, ...fields };
}

async function find(driver: Driver, ref: PoolRef, name: string, ...phases: string[]): Promise<StoredObject> {
  const { objects } = await driver.list(ref, call);
  const found = objects.find((object) => object.record.name === name && phases.includes(object.phase));
  if (!found) throw new KrStorageError("NOT_FOUND", `no ${name} is ${phases.join(" or ")}`);
  return found;
}

async function matchOf(driver: Driver, ref: PoolRef, name: string): Promise<Match> {
  const { uid, claim } = (await find(driver, ref, name, "live")).record;
  return { uid, claim };
}

async function main([path, pool, name, ...rest]: string[]): Promise<void> {
  const operation = operations[name ?? ""];
  if (!path || !pool || !operation)
    throw new Error(`give a folder, a pool, and one of ${Object.keys(operations).join(", ")}`);
  const ignore = () => undefined;
  const log = { debug: ignore, info: ignore, warn: (message: string) => void process.stderr.write(`${message}\n`) };
  const allowFilesystem = process.env.KRS_ALLOW_FILESYSTEM;
  const options = { path, ...(allowFilesystem ? { allowFilesystem } : {}) };
  const driver = localDriver.open({ name: "main", options }, { clock: systemClock, log });
  try {
    const result = await operation(driver, { name: pool }, rest[0] ?? "", rest[1] ?? "");
    process.stdout.write(`${JSON.stringify({ result })}\n`);
  } finally {
    await driver.close();
  }
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    const code = KrStorageError.isInstance(error) ? error.code : "untyped";
    process.stdout.write(`${JSON.stringify({ error: { code, message: messageOf(error) } })}\n`);
    process.exitCode = 1;
  });
}

import type { Call, Driver, NewObject, NewPolicy, PoolRef, StoredObject, StoredPool } from "../../drivers/driver";
import { newClaim, type PolicyRecord } from "../../drivers/record";
import { type Bench, hourMs, matchOf } from "../bench";

/** What the calls are made on. */
export interface Subject {
  pool: StoredPool;
  /** A live volume. */
  volume: StoredObject;
  /** An object in the trash; the volume itself where there is no trash. */
  trashed: StoredObject;
  /** A volume that is not there yet. */
  another: NewObject;
  policy: PolicyRecord;
  /** A policy that is not there yet. */
  anotherPolicy: NewPolicy;
}

/** Makes one call of a method on a pool. */
export type MethodCall = (driver: Driver, ref: PoolRef, subject: Subject, withCall: Call) => Promise<unknown>;

/** One call of every method that works on a pool; each of them would change or tell something. */
export const everyCall: readonly (readonly [method: string, make: MethodCall])[] = [
  ["readPool", (driver, ref, _subject, withCall) => driver.readPool(ref, withCall)],
  [
    "updatePool",
    (driver, ref, { pool }, withCall) =>
      driver.updatePool(ref, matchOf(pool), { labels: { changed: "yes" } }, withCall),
  ],
  ["removePool", (driver, ref, { pool }, withCall) => driver.removePool(ref, matchOf(pool), withCall)],
  ["list", (driver, ref, _subject, withCall) => driver.list(ref, withCall)],
  ["create", (driver, ref, { another }, withCall) => driver.create(ref, another, withCall)],
  [
    "update",
    (driver, ref, { volume }, withCall) =>
      driver.update(ref, matchOf(volume), { labels: { changed: "yes" } }, withCall),
  ],
  [
    "grow",
    (driver, ref, { volume }, withCall) => driver.grow(ref, matchOf(volume), 2 * volume.record.sizeBytes, withCall),
  ],
  [
    "rollback",
    (driver, ref, { volume, trashed }, withCall) => driver.rollback(ref, matchOf(volume), trashed.record.uid, withCall),
  ],
  ["flatten", (driver, ref, { volume }, withCall) => driver.flatten(ref, matchOf(volume), withCall)],
  ["key", (driver, ref, { volume }, withCall) => driver.key(ref, volume.record.uid, withCall)],
  ["trash", (driver, ref, { volume }, withCall) => driver.trash(ref, matchOf(volume), hourMs, withCall)],
  [
    "undelete",
    (driver, ref, { trashed }, withCall) =>
      driver.undelete(ref, { uid: trashed.record.uid, claim: newClaim(), name: "back" }, withCall),
  ],
  [
    "purge",
    (driver, ref, { trashed }, withCall) =>
      driver.purge(ref, { uid: trashed.record.uid, allowDataLoss: trashed.record.uid }, withCall),
  ],
  ["createPolicy", (driver, ref, { anotherPolicy }, withCall) => driver.createPolicy(ref, anotherPolicy, withCall)],
  [
    "updatePolicy",
    (driver, ref, { policy }, withCall) =>
      driver.updatePolicy(ref, matchOf({ record: policy }), { labels: { changed: "yes" } }, withCall),
  ],
  [
    "removePolicy",
    (driver, ref, { policy }, withCall) => driver.removePolicy(ref, matchOf({ record: policy }), withCall),
  ],
  ["holders", (driver, ref, { volume }, withCall) => driver.holders(ref, volume.record.uid, withCall)],
  ["fsck", (driver, ref, _subject, withCall) => driver.fsck(ref, { repair: true }, withCall)],
];

export async function subjectIn(bench: Bench): Promise<Subject> {
  const volume = await bench.stampedVolume("data", "kept");
  const trashed = bench.harness.capabilities.trash ? await bench.trash(await bench.volume("old")) : volume;
  return {
    pool: bench.pool,
    volume,
    trashed,
    another: bench.volumeInputs("another"),
    policy: await bench.policy("nightly"),
    anotherPolicy: bench.policyInputs("another"),
  };
}

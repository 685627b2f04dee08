import assert from "node:assert/strict";
import type {
  Call,
  Driver,
  Listing,
  Match,
  NewObject,
  NewPolicy,
  NewPool,
  PoolRef,
  StoredObject,
  StoredPool,
} from "../drivers/driver";
import { newClaim, newUid, type PolicyRecord, type PoolSettings } from "../drivers/record";
import { snapshotName } from "../model/names";
import type { Harness } from "./harness";

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** The file that `filledShare` makes. */
export const shareFile = "a folder/a file";

const defaultUnitBytes = 2 ** 20;
const stampBytes = 4096;

/** What a case works on: fresh storage with one pool, a driver, and short words for what cases do all the time. */
export class Bench {
  readonly unit: number;
  private readonly opened: Driver[];

  constructor(
    readonly harness: Harness,
    readonly driver: Driver,
    /** The pool that cases use unless they say otherwise, by name and identity. */
    readonly ref: PoolRef,
    readonly pool: StoredPool,
  ) {
    this.unit = harness.unitBytes ?? defaultUnitBytes;
    this.opened = [driver];
  }

  async close(): Promise<void> {
    for (const driver of this.opened) await driver.close();
  }

  /** A driver in another process, as far as the first one can tell. */
  async another(): Promise<Driver> {
    const driver = await this.harness.reopen();
    this.opened.push(driver);
    return driver;
  }

  async newPool(fields: Partial<NewPool> = {}): Promise<StoredPool> {
    return this.driver.createPool(poolInputs(fields), call());
  }

  /** A pool from which so many units can be promised. */
  async poolOfUnits(units: number): Promise<PoolRef> {
    return refOf(await this.newPool({ settings: settingsWith({ capacityBytes: units * this.unit }) }));
  }

  volumeInputs(name: string, fields: Partial<NewObject> = {}): NewObject {
    return { ...objectInputs("volume", name), sizeBytes: this.unit, ...fields };
  }

  async volume(name: string, fields: Partial<NewObject> = {}, ref = this.ref): Promise<StoredObject> {
    return this.driver.create(ref, this.volumeInputs(name, fields), call());
  }

  shareInputs(name: string, fields: Partial<NewObject> = {}): NewObject {
    return { ...objectInputs("share", name), sizeBytes: this.unit, ...fields };
  }

  async share(name: string, fields: Partial<NewObject> = {}, ref = this.ref): Promise<StoredObject> {
    return this.driver.create(ref, this.shareInputs(name, fields), call());
  }

  /** A share that has one file. */
  async filledShare(name: string, text: string): Promise<StoredObject> {
    const share = await this.share(name);
    await this.harness.putFile?.(share, shareFile, text);
    return share;
  }

  async assertFile(share: StoredObject, text: string | undefined, path = shareFile): Promise<void> {
    assert.equal(await this.harness.getFile?.(share, path), text, `${path} in ${share.record.name}`);
  }

  /** The file of a snapshot of a share, as a share made from it has it. */
  async assertFileInCopy(source: StoredObject, text: string): Promise<void> {
    const fields = { sizeBytes: source.record.sizeBytes, sourceUid: source.record.uid };
    await this.assertFile(await this.share(`look-${newClaim()}`, fields), text);
  }

  /** A volume with bytes in it that `assertBytes` knows again. */
  async stampedVolume(name: string, label: string, ref = this.ref): Promise<StoredObject> {
    const volume = await this.volume(name, {}, ref);
    await this.stamp(volume, label);
    return volume;
  }

  snapshotInputs(source: StoredObject, short: string, fields: Partial<NewObject> = {}): NewObject {
    return {
      ...objectInputs("snapshot", snapshotName(source.record.name, short)),
      sourceUid: source.record.uid,
      ...fields,
    };
  }

  async snapshot(source: StoredObject, short: string, ref = this.ref): Promise<StoredObject> {
    return this.driver.create(ref, this.snapshotInputs(source, short), call());
  }

  async clone(
    source: StoredObject,
    name: string,
    fields: Partial<NewObject> = {},
    ref = this.ref,
  ): Promise<StoredObject> {
    return this.volume(name, { sizeBytes: source.record.sizeBytes, sourceUid: source.record.uid, ...fields }, ref);
  }

  policyInputs(name: string, fields: Partial<NewPolicy> = {}): NewPolicy {
    return {
      name,
      uid: newUid(),
      claim: newClaim(),
      owner: `org/project/stack/policy/${name}`,
      requested: { schedule: "@daily", retention: { keepDaily: 7 } },
      labels: {},
      generation: 1,
      targets: [{ name: "data", uid: newUid() }],
      ...fields,
    };
  }

  async policy(name: string, fields: Partial<NewPolicy> = {}): Promise<PolicyRecord> {
    return this.driver.createPolicy(this.ref, this.policyInputs(name, fields), call());
  }

  /** The policies of a pool, in an order of its own. */
  async policies(ref = this.ref, driver = this.driver): Promise<PolicyRecord[]> {
    return (await this.list(ref, driver)).policies.sort((a, b) => (a.uid < b.uid ? -1 : 1));
  }

  async trash(object: StoredObject, retentionMs = hourMs, ref = this.ref): Promise<StoredObject> {
    const trashed = await this.driver.trash(ref, matchOf(object), retentionMs, call());
    assert.ok(trashed, `${object.record.name} was live, so trash returns it`);
    return trashed;
  }

  async undelete(object: StoredObject, ref = this.ref): Promise<StoredObject> {
    return this.driver.undelete(ref, { uid: object.record.uid, claim: newClaim() }, call());
  }

  async list(ref = this.ref, driver = this.driver): Promise<Listing> {
    return driver.list(ref, call());
  }

  /** Everything in a pool, in an order of its own, so that two moments can be compared. */
  async contents(ref = this.ref, driver = this.driver): Promise<StoredObject[]> {
    return (await this.list(ref, driver)).objects.sort((a, b) => (a.record.uid < b.record.uid ? -1 : 1));
  }

  /** The object of a uid, whatever its phase; a uid that is listed twice is a failure. */
  async find(uid: string, ref = this.ref, driver = this.driver): Promise<StoredObject | undefined> {
    const found = (await this.list(ref, driver)).objects.filter((object) => object.record.uid === uid);
    assert.ok(found.length <= 1, `uid ${uid} is listed ${found.length} times`);
    return found[0];
  }

  /** The object of a uid, which must be in this phase. */
  async expect(uid: string, phase: StoredObject["phase"], ref = this.ref): Promise<StoredObject> {
    const found = await this.find(uid, ref);
    assert.equal(found?.phase ?? "absent", phase);
    return found as StoredObject;
  }

  /** What is live under a name. */
  async named(name: string, ref = this.ref, driver = this.driver): Promise<StoredObject[]> {
    return (await this.list(ref, driver)).objects.filter(
      (object) => object.phase === "live" && object.record.name === name,
    );
  }

  /** Fills the beginning and the end of the first unit of a volume. */
  async stamp(volume: StoredObject, label: string): Promise<void> {
    for (const offset of this.stampOffsets()) await this.harness.writeBytes(volume, offset, stampOf(label));
  }

  async assertBytes(volume: StoredObject, label: string): Promise<void> {
    for (const offset of this.stampOffsets()) {
      const bytes = Buffer.from(await this.harness.readBytes(volume, offset, stampBytes));
      assert.ok(
        bytes.equals(stampOf(label)),
        `${volume.record.name} has "${label}" at ${offset}, not ${JSON.stringify(bytes.toString("latin1", 0, 16))}`,
      );
    }
  }

  /** A stretch that nobody has written to. */
  async assertZeros(volume: StoredObject, offset: number): Promise<void> {
    const bytes = Buffer.from(await this.harness.readBytes(volume, offset, stampBytes));
    assert.ok(bytes.equals(Buffer.alloc(stampBytes)), `${volume.record.name} has zeros at ${offset}`);
  }

  /** The bytes of a snapshot, or of a volume without touching it, as a clone of it has them. */
  async assertBytesInCopy(source: StoredObject, label: string, ref = this.ref): Promise<void> {
    await this.assertBytes(await this.clone(source, `look-${newClaim()}`, {}, ref), label);
  }

  private stampOffsets(): number[] {
    return [0, this.unit - stampBytes];
  }
}

export async function openBench(harness: Harness): Promise<Bench> {
  const driver = await harness.open();
  try {
    const pool = await driver.createPool(poolInputs({}), call());
    return new Bench(harness, driver, refOf(pool), pool);
  } catch (error) {
    await driver.close();
    throw error;
  }
}

export function call(signal: AbortSignal = new AbortController().signal): Call {
  return { signal, actor: { by: "tester@bench contract" } };
}

/** A pool by name and identity, as a caller with a state knows it. */
export function refOf(pool: StoredPool): PoolRef {
  return { name: pool.record.name, identity: pool.record.identity };
}

/** An object or pool as its present holder names it. */
export function matchOf(held: { record: { uid: string; claim: string } }): Match {
  return { uid: held.record.uid, claim: held.record.claim };
}

export function settingsWith(fields: Partial<PoolSettings>): PoolSettings {
  return { maxOvercommit: 1, reserveBytes: 0, trashRetentionMs: dayMs, ...fields };
}

/** Names are new in every case, so that backends which cannot be emptied in between can be tested too. */
export function poolInputs(fields: Partial<NewPool>): NewPool {
  return {
    name: `krs-contract-${newClaim()}`,
    uid: newUid(),
    claim: newClaim(),
    owner: "org/project/stack/Pool/pool",
    requested: { backend: "bench" },
    labels: {},
    settings: settingsWith({}),
    ...fields,
  };
}

function objectInputs(kind: NewObject["kind"], name: string): NewObject {
  return {
    kind,
    name,
    uid: newUid(),
    claim: newClaim(),
    owner: `org/project/stack/${kind}/${name}`,
    requested: {},
    labels: {},
    protection: false,
  };
}

function stampOf(label: string): Buffer {
  return Buffer.alloc(stampBytes, `${label};`);
}

import { closeSync, mkdirSync, mkdtempSync, openSync, readSync, realpathSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import type {
  Call,
  Driver,
  Finding,
  Listing,
  Log,
  NewObject,
  NewPolicy,
  NewPool,
  PoolRef,
  StoredObject,
  StoredPool,
} from "../../../../provider/drivers/driver";
import { type LocalOptions, localDriver } from "../../../../provider/drivers/local";
import { newClaim, newUid } from "../../../../provider/drivers/record";
import { type ErrorCode, KrStorageError } from "../../../../provider/model/errors";
import { testClock } from "../../../../provider/testing";

export const page = 4096;
export const mebibyte = 2 ** 20;
export const call: Call = { signal: new AbortController().signal, actor: { by: "tester@unit", stack: "dev" } };

/** A backend in a folder of its own, with one pool `ssd`. */
export class Scene {
  readonly path: string;
  readonly clock = testClock();
  readonly warnings: string[] = [];
  readonly driver: Driver;
  readonly ref: PoolRef = { name: "ssd" };
  pool!: StoredPool;
  private readonly drivers: Driver[] = [];

  private constructor(private readonly options: Partial<LocalOptions>) {
    this.path = options.path ?? realpathSync(mkdtempSync(join(tmpdir(), "krs-unit-local-")));
    this.driver = this.open();
  }

  static async start(options: Partial<LocalOptions> = {}, pool: Partial<NewPool> = {}): Promise<Scene> {
    const scene = new Scene(options);
    scene.pool = await scene.driver.createPool(newPool("ssd", pool), call);
    return scene;
  }
  /** Without a pool. */
  static bare(options: Partial<LocalOptions> = {}): Scene {
    return new Scene(options);
  }

  /** Another driver on the same folder, as another process has. */
  open(): Driver {
    const silent = () => undefined;
    const log: Log = { debug: silent, info: silent, warn: (message) => void this.warnings.push(message) };
    const driver = localDriver.open(
      { name: "main", options: { ...this.options, path: this.path } },
      { clock: this.clock, log },
    );
    this.drivers.push(driver);
    return driver;
  }

  async end(): Promise<void> {
    for (const driver of this.drivers) await driver.close();
    rmSync(this.path, { recursive: true, force: true });
  }

  file(...parts: string[]): string {
    return join(this.path, "ssd", ...parts);
  }
  disk(object: StoredObject): string {
    return this.file("data", object.record.uid, "disk.raw");
  }

  volume(name: string, fields: Partial<NewObject> = {}): Promise<StoredObject> {
    return this.driver.create(this.ref, newVolume(name, fields), call);
  }
  snapshot(of: StoredObject, name: string): Promise<StoredObject> {
    return this.driver.create(this.ref, newSnapshot(of, name), call);
  }
  async trash(object: StoredObject, retentionMs = 1000): Promise<StoredObject> {
    const trashed = await this.driver.trash(this.ref, matchOf(object), retentionMs, call);
    if (!trashed) throw new Error("it was not live");
    return trashed;
  }
  purge(object: StoredObject): Promise<boolean> {
    return this.driver.purge(this.ref, { uid: object.record.uid, allowDataLoss: object.record.uid }, call);
  }
  list(driver = this.driver): Promise<Listing> {
    return driver.list(this.ref, call);
  }
  async find(object: { record: { uid: string } }, driver = this.driver): Promise<StoredObject | undefined> {
    return (await this.list(driver)).objects.find((other) => other.record.uid === object.record.uid);
  }
  fsck(repair: boolean, acceptCopied?: string, driver = this.driver): Promise<Finding[]> {
    return driver.fsck(this.ref, { repair, ...(acceptCopied === undefined ? {} : { acceptCopied }) }, call);
  }

  /** Runs SQL in the pool's database, past the driver. */
  sql(text: string, ...values: (string | number | null)[]): Record<string, unknown>[] {
    const database = new DatabaseSync(this.file(".krstorage", "pool.db"));
    try {
      return database.prepare(text).all(...values) as Record<string, unknown>[];
    } finally {
      database.close();
    }
  }
}

export function newPool(name: string, fields: Partial<NewPool> = {}): NewPool {
  return {
    name,
    uid: newUid(),
    claim: newClaim(),
    owner: "owner",
    requested: {},
    labels: {},
    settings: { maxOvercommit: 100, reserveBytes: 0, trashRetentionMs: 1000 },
    ...fields,
  };
}

export function newPolicy(name: string, fields: Partial<NewPolicy> = {}): NewPolicy {
  const base = { uid: newUid(), claim: newClaim(), owner: "owner", requested: { schedule: "@daily" }, labels: {} };
  return { name, ...base, generation: 1, targets: [{ name: "data", uid: newUid() }], ...fields };
}

export function newVolume(name: string, fields: Partial<NewObject> = {}): NewObject {
  const base = { uid: newUid(), claim: newClaim(), owner: "owner", requested: {}, labels: {}, protection: false };
  return { kind: "volume", name, ...base, ...(fields.sourceUid ? {} : { sizeBytes: mebibyte }), ...fields };
}
export function newSnapshot(of: StoredObject, name: string): NewObject {
  return newVolume(`${of.record.name}@${name}`, { kind: "snapshot", sourceUid: of.record.uid });
}
export function matchOf(held: { record: { uid: string; claim: string } }): { uid: string; claim: string } {
  return { uid: held.record.uid, claim: held.record.claim };
}

export async function refusal(promise: Promise<unknown>, ...codes: ErrorCode[]): Promise<KrStorageError> {
  const error = await promise.then(
    (value) => new Error(`it succeeded: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!KrStorageError.isInstance(error)) throw error;
  expect(codes).toContain(error.code);
  return error;
}

export function writeText(path: string, text: string, offset = 0): void {
  const file = openSync(path, "r+");
  writeSync(file, text, offset);
  closeSync(file);
}
export function readText(path: string, length: number, offset = 0): string {
  const file = openSync(path, "r");
  const buffer = Buffer.alloc(length);
  readSync(file, buffer, 0, length, offset);
  closeSync(file);
  return buffer.toString();
}
export function makeFolder(path: string, mode = 0o711): void {
  mkdirSync(path, { recursive: true, mode });
}

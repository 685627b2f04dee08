import { z } from "zod";
import { agentPort } from "../../../../agent/run/agentPort";
import type { BackendPort } from "../../../../agent/run/backendPort";
import { lookAtPool, type PoolLook } from "../../../../agent/run/look";
import type { RunOptions } from "../../../../agent/run/options";
import { PolicyBook } from "../../../../agent/run/policyBook";
import type { BackendReport, TargetReport } from "../../../../agent/run/report";
import { runOnce } from "../../../../agent/run/runOnce";
import { runPool } from "../../../../agent/run/runPool";
import type { Driver, DriverEnv, DriverType, StoredObject } from "../../../../provider/drivers/driver";
import type { ObjectRecord } from "../../../../provider/drivers/record";
import type { SnapshotPolicyInputs } from "../../../../provider/model/snapshotPolicy";
import { Storage } from "../../../../provider/storage";
import { StorageLibrary } from "../../../../provider/storage/library";
import { type AppliedPolicy, applyPolicy, removePolicy } from "../../../../provider/storage/policies";
import { emptyState, type MemoryState, objectIn, objectStore } from "../../../contract/memory";
import { type VirtualClock, virtualClock } from "./virtualClock";
import { VirtualDriver } from "./virtualDriver";

export interface WorldOptions {
  /** The time that it begins at, ISO 8601. Default 2031-01-01T12:30:00Z. */
  readonly at?: string;
  /** Names of backends. Default "main". */
  readonly backends?: readonly string[];
  /** What stands between the engine and the memory backend of a name. */
  readonly wrap?: (driver: Driver, backend: string) => Driver;
  /** How long deleted snapshots can be brought back. Default "24h". */
  readonly trashRetention?: string;
  readonly timeout?: string;
}

/** Backends in memory, a clock that is moved, and stacks that declare policies: everything but Pulumi. */
export class World {
  readonly clock: VirtualClock;
  /** What is wrong with objects, by uid, as lists say it. */
  readonly health = new Map<string, StoredObject["health"]>();
  readonly states = new Map<string, MemoryState>();
  readonly storage: Storage;
  readonly library: StorageLibrary;
  private readonly books = new Map<Storage, PolicyBook>();
  private readonly policies = new Map<string, AppliedPolicy>();

  constructor(private readonly options: WorldOptions = {}) {
    this.clock = virtualClock(options.at ?? "2031-01-01T12:30:00Z");
    this.storage = this.openStorage();
    // What stacks do is not what is under test here: it goes straight to the backend
    this.library = new StorageLibrary(
      this.openStorage((driver) => driver),
      "stack",
    );
  }

  /** Another process: nothing shared with the first but the backends. */
  openStorage(wrap: WorldOptions["wrap"] = this.options.wrap, clock: DriverEnv["clock"] = this.clock): Storage {
    const names = this.options.backends ?? ["main"];
    const { timeout } = this.options;
    const backends = names.map((name) => ({
      name,
      driver: this.driverType(name, wrap),
      driverOptions: {},
      options: timeout === undefined ? {} : { timeout },
    }));
    return new Storage({ backends }, { clock, actor: { by: "agent@test" } });
  }

  async pool(id: string): Promise<void> {
    await this.library.createPool(id, { trashRetention: this.options.trashRetention ?? "24h" });
  }
  /** Makes a volume. Returns its uid. */
  async volume(id: string): Promise<string> {
    return (await this.library.createVolume(id, { size: "16KiB" })).uid;
  }
  /** Declares a policy under a logical name of a stack, or changes it. Returns its uid. */
  async policy(logicalName: string, inputs: SnapshotPolicyInputs, approvedDeletes?: number): Promise<string> {
    const { name = logicalName.split("/").at(-1) as string, labels = {}, adopt: _, ...requested } = inputs;
    const targets = inputs.targets.map((target) => {
      const [backend = "", pool = "", object = ""] = target.split("/");
      return { backend, pool, name: object };
    });
    const wanted = { name, owner: `stack/SnapshotPolicy/${logicalName}`, requested, labels, targets, approvedDeletes };
    const former = targets.map(({ backend, pool }) => ({ backend, pool }));
    for (const pool of former) this.library.storage.forgetLook(pool); // agents have written since
    const applied = await applyPolicy(this.library.storage, this.policies.get(logicalName), wanted, former);
    this.policies.set(logicalName, applied);
    return applied.uid;
  }

  /** Takes a policy out of its stack. */
  async endPolicy(logicalName: string): Promise<void> {
    const held = this.policies.get(logicalName);
    if (!held) throw new Error(`the test has no policy ${logicalName}`);
    const pools = [...this.states].flatMap(([backend, { pools: all }]) =>
      Object.keys(all).map((pool) => ({ backend, pool })),
    );
    expect(await removePolicy(this.library.storage, held, pools)).toBe("removed");
  }

  /** A look at one pool, as a run begins with. */
  async look(pool = "ssd", backend = "main"): Promise<PoolLook> {
    const look = await lookAtPool(agentPort(this.storage.backend(backend)), pool, this.clock);
    if ("listing" in look) return look;
    throw new Error(look.message);
  }
  ports(storage: Storage = this.storage): BackendPort[] {
    return storage.backendNames().map((name) => agentPort(storage.backend(name)));
  }
  /** One run of one agent. */
  async run(options: Partial<RunOptions> = {}, storage: Storage = this.storage): Promise<BackendReport[]> {
    return runOnce(this.ports(storage), { clock: this.clock, ...options }, this.bookOf(storage));
  }
  runPorts(ports: readonly BackendPort[], options: Partial<RunOptions> = {}): Promise<BackendReport[]> {
    return runOnce(ports, { clock: this.clock, ...options });
  }
  /** The rest of a run that began with a look of some time ago. */
  async runFrom(look: PoolLook): Promise<readonly TargetReport[]> {
    const book = new PolicyBook();
    book.put({ backend: look.backend, pools: [look], failures: [], isReachable: true });
    return (await runPool(agentPort(this.storage.backend(look.backend)), look, book.policies(), { clock: this.clock }))
      .targets;
  }
  /** A run of which nothing is expected to fail; what it did to the targets. */
  async runWell(options: Partial<RunOptions> = {}): Promise<TargetReport[]> {
    const reports = await this.run(options);
    expect(reports.flatMap(({ failures, problems }) => [...failures, ...problems])).toEqual([]);
    const targets = reports.flatMap((report) => report.targets);
    expect(targets.filter(({ status }) => status === "failed")).toEqual([]);
    return targets;
  }
  /** Runs at every hour (or `stepMs`) until a time, as a timer would. */
  async runUntil(end: string, stepMs = 3_600_000): Promise<void> {
    for (const endMs = Date.parse(end); this.clock.now() < endMs; ) {
      this.clock.advance(Math.min(stepMs, endMs - this.clock.now()));
      await this.runWell();
    }
  }

  private bookOf(storage: Storage): PolicyBook {
    const book = this.books.get(storage) ?? new PolicyBook();
    this.books.set(storage, book);
    return book;
  }
  state(backend = "main"): MemoryState {
    const state = this.states.get(backend);
    if (!state) throw new Error(`the test has no backend ${backend}`);
    return state;
  }
  /** The live snapshots that policies took, by slot. */
  snapshots(pool = "ssd", backend = "main"): ObjectRecord[] {
    return (this.state(backend).pools[pool]?.objects ?? [])
      .filter(({ phase, record }) => phase === "live" && record.taken !== undefined)
      .map(({ record }) => record)
      .sort((a, b) => ((a.taken?.slot ?? "") < (b.taken?.slot ?? "") ? -1 : 1));
  }
  slots(pool = "ssd", backend = "main"): string[] {
    return this.snapshots(pool, backend).map(({ taken }) => taken?.slot ?? "");
  }

  /** Changes the record of an object behind everybody's back. */
  edit(uid: string, change: Partial<ObjectRecord>, backend = "main"): void {
    Object.assign(objectIn(this.state(backend), uid).record, change);
    this.library.storage.forgetLook({ backend, pool: "ssd" });
  }
  /** Takes an object away behind everybody's back. */
  forget(uid: string, backend = "main"): void {
    for (const pool of Object.values(this.state(backend).pools))
      pool.objects = pool.objects.filter(({ record }) => record.uid !== uid);
  }
  /** Ends what is in the trash, as purging would. */
  emptyTrash(backend = "main"): void {
    for (const pool of Object.values(this.state(backend).pools))
      pool.objects = pool.objects.filter(({ phase }) => phase === "live");
  }

  private driverType(name: string, wrap: WorldOptions["wrap"]): DriverType {
    const state = this.states.get(name) ?? emptyState();
    this.states.set(name, state);
    const open = (_backend: unknown, env: DriverEnv): Driver => {
      const driver = new VirtualDriver(objectStore(state), env, this.health);
      return wrap ? wrap(driver, name) : driver;
    };
    return { type: "memory", options: noOptions, open };
  }
}

const noOptions = z.strictObject({});

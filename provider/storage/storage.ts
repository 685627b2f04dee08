import { hostname, userInfo } from "node:os";
import { basename } from "node:path";
import { systemClock } from "../drivers/clock";
import type { Actor, Clock, DriverEnv, Log, PoolRef, Progress } from "../drivers/driver";
import { KrStorageError } from "../model/errors";
import { formatPoolId, type PoolId } from "../model/names";
import { Backend } from "./backend";
import type { StorageConfig } from "./config";
import { orCancelled } from "./deadline";
import { Looks } from "./looks";
import type { PoolView } from "./poolView";

export interface StorageEnv {
  clock?: Clock;
  log?: Log;
  /** Who acts, for the audit log. Default: this user, host and program. */
  actor?: Actor;
  /** Ends every call to every backend, such as when a person presses Ctrl-C. */
  signal?: AbortSignal | undefined;
  /** Told how far long copies are. */
  progress?: ((progress: Progress) => void) | undefined;
}

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined };

/** The configured backends and what is known about their pools. Nothing is opened or asked before it is needed. */
export class Storage {
  readonly stackId: string | undefined;
  readonly log: Log;
  private readonly backends = new Map<string, Backend>();
  private readonly looks: Looks;
  private readonly isDefault: boolean;

  constructor(config: StorageConfig, env: StorageEnv = {}) {
    const clock = env.clock ?? systemClock;
    this.log = env.log ?? silent;
    this.stackId = config.stackId;
    this.isDefault = config.isDefault ?? false;
    // How old a look is has nothing to do with other processes, and the machine's own uptime is a file, read anew for each resource
    this.looks = new Looks(() => (env.clock ? env.clock.uptime() : performance.now()));
    const driverEnv: DriverEnv = { clock, log: this.log };
    for (const backend of config.backends) {
      const opened = new Backend(backend, driverEnv, { ...env, actor: env.actor ?? thisProcess() });
      for (const name of [backend.name, ...(backend.options.formerly ?? [])]) this.backends.set(name, opened);
    }
  }

  backendNames(): string[] {
    return [...new Set([...this.backends.values()].map((backend) => backend.name))];
  }

  /** A backend by its name in configuration, or one it had before. Throws INVALID_ARGUMENT naming those there are. */
  backend(name: string): Backend {
    const backend = this.backends.get(name);
    if (backend) return backend;
    throw new KrStorageError("INVALID_ARGUMENT", `there is no backend "${name}"${this.telling()}`, { target: name });
  }

  /** Which backends there are, as the end of a message. */
  private telling(): string {
    const names = this.backendNames().join(", ");
    if (this.isDefault)
      return `: nothing is configured, so there is only ${names}; set krstorage:backends in the stack, or name a file in KRSTORAGE_CONFIG`;
    return ` in the configuration; ${names === "" ? "none is configured" : `backends are ${names}`}`;
  }

  /** The id under the name that the backend has today. Ids from before it was renamed mean the same place. */
  canonical<Id extends PoolId>(id: Id): Id {
    return { ...id, backend: this.backends.get(id.backend)?.name ?? id.backend };
  }

  /**
   * What is in a pool: a complete list, at most `maxAgeMs` old. `identity` is the one that the caller has pinned.
   * Throws UNAVAILABLE where there is no pool (never made, or unmounted) and PRECONDITION_FAILED where another one is.
   */
  async view(
    id: PoolId,
    options: { maxAgeMs: number; identity?: string | undefined; signal?: AbortSignal | undefined },
  ): Promise<PoolView> {
    const backend = this.backend(id.backend);
    // Several callers may wait for one list, so no single one's signal ends it
    const look = this.looks.get(this.keyOf(id), options.maxAgeMs, () =>
      backend.read(undefined, (driver, call) => driver.list({ name: id.pool }, call)),
    );
    const view = await orCancelled(look, options.signal, `the look at pool ${formatPoolId(id)}`);
    this.verifyIdentity(id, view.pool.record.identity, options.identity);
    return view;
  }

  /** Puts what has just been written into the last look at its pool. */
  note(id: PoolId, change: (view: PoolView) => void): Promise<void> {
    return this.looks.note(this.keyOf(id), change);
  }

  /** Makes the next look at a pool a new one. */
  forgetLook(id: PoolId): void {
    this.looks.forget(this.keyOf(id));
  }

  /** Throws PRECONDITION_FAILED if a pool is not the one that was pinned and the configuration does not accept it instead. */
  verifyIdentity(id: PoolId, found: string, pinned: string | undefined): void {
    if (pinned === undefined || pinned === found || this.backend(id.backend).accepts(found)) return;
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `pool ${formatPoolId(id)} is another pool than the one this state knows: its identity is ${found}, expected ${pinned}. ` +
        `Mount the right disk, or, if this one replaces it for good, set acceptIdentity: "${found}" on backend "${id.backend}"`,
      { target: formatPoolId(id) },
    );
  }

  private keyOf(id: PoolId): string {
    return formatPoolId(this.canonical(id));
  }

  async close(): Promise<void> {
    await Promise.all([...new Set(this.backends.values())].map((backend) => backend.close()));
  }
}

/** How drivers are told which pool is meant: by name, and by the identity that was seen when the decision was made. */
export function poolRef(id: PoolId, view?: PoolView): PoolRef {
  return view ? { name: id.pool, identity: view.pool.record.identity } : { name: id.pool };
}

function thisProcess(): Actor {
  return { by: `${userInfo().username}@${hostname()} ${basename(process.argv[1] ?? "node")}` };
}

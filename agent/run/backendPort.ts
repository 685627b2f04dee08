import type { Call, Driver, NewObject, PoolRef, StoredObject } from "../../provider/drivers/driver";

/** A snapshot as a policy takes it: named after the slot, owned by the policy. */
export type PolicySnapshot = NewObject & { readonly kind: "snapshot"; readonly taken: NonNullable<NewObject["taken"]> };

/**
 * What running policies may do on a backend, and all that it can: nothing here ends a pool, changes a volume or a share, gives up data before
 * its time, or writes what a policy says. `agentPort` makes one of a driver.
 */
export interface AgentDriver extends Pick<Driver, "listPools" | "list" | "nodes"> {
  /** Takes a snapshot for a policy. */
  create(pool: PoolRef, snapshot: PolicySnapshot, call: Call): Promise<StoredObject>;
  /** Records that applications were held still for a snapshot of a policy. */
  update(pool: PoolRef, snapshot: StoredObject, change: { consistency: "app" }, call: Call): Promise<StoredObject>;
  /** Moves a snapshot of a policy to the trash. */
  trash(pool: PoolRef, snapshot: StoredObject, retentionMs: number, call: Call): Promise<StoredObject | undefined>;
  /** Ends what has expired in the trash. */
  purge(pool: PoolRef, expired: { uid: string }, call: Call): Promise<boolean>;
  /** Checks a pool, and mends nothing. */
  fsck(pool: PoolRef, options: { repair: false }, call: Call): ReturnType<Driver["fsck"]>;
  /** Takes back what a preview had approved, once it is done. */
  updatePolicy(
    pool: PoolRef,
    match: Parameters<Driver["updatePolicy"]>[1],
    change: { approvedDeletes: 0 },
    call: Call,
  ): ReturnType<Driver["updatePolicy"]>;
}

/** A backend as the engine reaches it: behind its limit, deadline and freeze. */
export interface BackendPort {
  readonly name: string;
  /** Frozen by configuration: nothing is taken, pruned or purged. */
  readonly isReadOnly: boolean;
  read<Result>(
    signal: AbortSignal | undefined,
    action: (driver: AgentDriver, call: Call) => Promise<Result>,
  ): Promise<Result>;
  write<Result>(
    signal: AbortSignal | undefined,
    action: (driver: AgentDriver, call: Call) => Promise<Result>,
  ): Promise<Result>;
}

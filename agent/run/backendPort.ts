import type { Call, Driver } from "../../provider/drivers/driver";

/**
 * What running policies may do on a backend. The engine is given nothing else, so whatever goes wrong in it cannot remove a pool,
 * change the bytes of a volume or give up data before its time.
 */
export type AgentDriver = Pick<
  Driver,
  "listPools" | "list" | "create" | "update" | "trash" | "purge" | "fsck" | "updatePolicy"
>;

/** A backend as the engine reaches it: behind its limit, deadline and freeze. `Backend` of the storage layer is one. */
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

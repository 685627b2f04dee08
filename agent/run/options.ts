import type { Log } from "../../provider/drivers/driver";
import type { CatchUp } from "./dueSlot";
import type { HookRunner } from "./hookRunner";
import type { Pace } from "./pace";

/** How policies are run, and by what clock. */
export interface RunOptions {
  /** The agent's own clock. Decisions are made by the backend's; this one is compared with it. */
  readonly clock: { now(): number };
  readonly log?: Log;
  /** Only say what would be done. */
  readonly dryRun?: boolean;
  /** Default "one". */
  readonly catchUp?: CatchUp;
  /** Only the policies for which this is true. */
  readonly only?: (policy: { readonly uid: string; readonly name: string }) => boolean;
  /** Runs hooks; without it, policies that have any fail. */
  readonly hooks?: HookRunner;
  /** How fast a backend's snapshots are removed. Default: as fast as it takes them. */
  readonly pace?: Pace;
  /** Once true, nothing more is begun; what is under way ends. */
  readonly isStopping?: () => boolean;
  /** Gives up what is under way. */
  readonly signal?: AbortSignal;
}

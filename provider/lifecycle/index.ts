import type { KindName } from "../model/kinds";
import type { Lifecycle } from "./lifecycle";
import { poolLifecycle } from "./pool";
import { snapshotLifecycle } from "./snapshot";
import { volumeLifecycle } from "./volume";

/** The lifecycle of every kind. */
export const lifecycles: Record<KindName, Lifecycle> = {
  pool: poolLifecycle,
  volume: volumeLifecycle,
  snapshot: snapshotLifecycle,
};

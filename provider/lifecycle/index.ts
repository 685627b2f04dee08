import type { KindName } from "../model/kinds";
import type { Lifecycle } from "./lifecycle";
import { poolLifecycle } from "./pool";
import { shareLifecycle } from "./share";
import { snapshotLifecycle } from "./snapshot";
import { snapshotPolicyLifecycle } from "./snapshotPolicy";
import { volumeLifecycle } from "./volume";
import { volumeClassLifecycle } from "./volumeClass";

/** The lifecycle of every kind. */
export const lifecycles: Record<KindName, Lifecycle> = {
  pool: poolLifecycle,
  volumeClass: volumeClassLifecycle,
  volume: volumeLifecycle,
  share: shareLifecycle,
  snapshot: snapshotLifecycle,
  snapshotPolicy: snapshotPolicyLifecycle,
};

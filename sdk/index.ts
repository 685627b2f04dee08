/**
 * Storage as code: pools, volumes and snapshots in the same Pulumi stack as the machines that use them.
 *
 * @packageDocumentation
 */

export type { Connection } from "../provider/model/volume";
export { Pool, type PoolArgs } from "./pool";
export { Snapshot, type SnapshotArgs } from "./snapshot";
export { Volume, type VolumeArgs, type VolumeSourceArgs } from "./volume";

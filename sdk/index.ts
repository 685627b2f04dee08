/**
 * Storage as code: pools, classes, volumes, shares, snapshots and snapshot policies in the same Pulumi stack as the machines
 * that use them.
 *
 * @packageDocumentation
 */

export { classTemplates } from "../provider/model/classTemplates";
export type { ShareConnection } from "../provider/model/share";
export type { Connection } from "../provider/model/volume";
export type { ClassDefinition } from "../provider/model/volumeClass";
export * from "./functions";
export { Pool, type PoolArgs } from "./pool";
export { Share, type ShareArgs, type ShareSourceArgs } from "./share";
export { Snapshot, type SnapshotArgs } from "./snapshot";
export { SnapshotPolicy, type SnapshotPolicyArgs } from "./snapshotPolicy";
export { Volume, type VolumeArgs, type VolumeSourceArgs } from "./volume";
export { type ClassArgs, type PoolList, VolumeClass, type VolumeClassArgs } from "./volumeClass";

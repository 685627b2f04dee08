/**
 * Storage as a library: pools, volumes and snapshots on any backend, without Pulumi.
 *
 * @example
 * ```ts
 * import { openStorage } from "krstorage/storage";
 *
 * const storage = openStorage({ backends: { main: { type: "local", path: "/srv/storage" } } });
 * await storage.createPool("main/ssd");
 * const volume = await storage.createVolume("main/ssd/pgdata", { size: "20GiB" });
 * console.log(volume.connection);
 * await storage.close();
 * ```
 *
 * @packageDocumentation
 */

export type {
  Actor,
  Call,
  Clock,
  DamagedRecord,
  Device,
  DeviceClass,
  Driver,
  DriverType,
  Finding,
  FsckOptions,
  Health,
  HealthCheck,
  HealthStatus,
  Holder,
  Log,
  Nodes,
  Progress,
  StorageNode,
  StoredObject,
  StoredPool,
} from "../drivers/driver";
export { type ErrorCode, type ErrorDetails, type Issue, KrStorageError, type Outcome } from "../model/errors";
export type { Image } from "../model/image";
export type { PoolId } from "../model/names";
export type { PoolInputs } from "../model/pool";
export type { ShareConnection, ShareInputs } from "../model/share";
export type { SnapshotPolicyInputs } from "../model/snapshotPolicy";
export type { Connection, VolumeInputs } from "../model/volume";
export type { Backend } from "./backend";
export { applyChown, type OwnerChange, planChown } from "./chown";
export { type BackendConfig, type BackendOptions, parseBackends, type StorageConfig } from "./config";
export { type ConfigSources, resolveConfig } from "./configSources";
export { type ObjectDetails, type PoolContents, poolContents } from "./contents";
export type { ObjectInfo, PolicyInfo, PoolInfo } from "./info";
export type { VolumeKey } from "./key";
export {
  type OpenOptions,
  openStorage,
  type PolicySettings,
  type ShareSettings,
  StorageLibrary,
  type VolumeSettings,
} from "./library";
export { type BackendNodes, nodesOf } from "./nodes";
export { type PoolUse, poolsOf } from "./poolUse";
export type { PoolView } from "./poolView";
export { type Release, type Released, releaseUses } from "./release";
export { Storage, type StorageEnv } from "./storage";
export type { Purged } from "./trash";

import type { DriverEnv } from "../driver";
import type { Cluster } from "./cluster";
import type { Filesystems } from "./filesystems";
import type { CephOptions } from "./options";

/** What everything in this folder is given: the backend, and the world. */
export interface Site {
  backend: string;
  options: CephOptions;
  cluster: Cluster;
  filesystems: Filesystems;
  env: DriverEnv;
  /** The cluster's clock as the OSDs of a pool have it, ms since 1970. Never the caller's. */
  now(pool: number): Promise<number>;
}

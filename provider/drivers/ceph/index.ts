import { KrStorageError } from "../../model/errors";
import type { DriverType } from "../driver";
import { cephCapabilities, withShares } from "./capabilities";
import { Cluster } from "./cluster";
import { CephDriver } from "./driver";
import { Filesystems } from "./filesystems";
import { cephOptions, optionsProblem } from "./options";
import type { Site } from "./site";
import { Worker } from "./worker";

export const cephDriver: DriverType<typeof cephOptions> = {
  type: "ceph",
  options: cephOptions,
  capabilities: { "on a cluster with a file system": withShares, "on one without": cephCapabilities },
  open: ({ name, options }, env) => {
    const problem = optionsProblem(options);
    if (problem) throw new KrStorageError("INVALID_ARGUMENT", `backend "${name}": ${problem}`, { target: name });
    const worker = new Worker(name, options);
    const cluster = new Cluster(worker, name);
    const filesystems = new Filesystems(worker, name);
    const site: Site = { backend: name, options, cluster, filesystems, env, now: (pool) => cluster.now(pool) };
    return new CephDriver(site, () => worker.close());
  },
};
export type { CephOptions } from "./options";

import { KrStorageError } from "../../model/errors";
import type { DriverType } from "../driver";
import { cephCapabilities } from "./capabilities";
import { Cluster } from "./cluster";
import { CephDriver } from "./driver";
import { cephOptions, optionsProblem } from "./options";
import type { Site } from "./site";
import { Worker } from "./worker";

export const cephDriver: DriverType<typeof cephOptions> = {
  type: "ceph",
  options: cephOptions,
  capabilities: { "": cephCapabilities },
  open: ({ name, options }, env) => {
    const problem = optionsProblem(options);
    if (problem) throw new KrStorageError("INVALID_ARGUMENT", `backend "${name}": ${problem}`, { target: name });
    const worker = new Worker(name, options);
    const cluster = new Cluster(worker, name);
    const site: Site = { backend: name, options, cluster, env, now: (pool) => cluster.now(pool) };
    return new CephDriver(site, () => worker.close());
  },
};
export type { CephOptions } from "./options";

import { Cluster } from "../../../provider/drivers/ceph/cluster";
import { Worker } from "../../../provider/drivers/ceph/worker";
import { optionsFor } from "../../contract/harnesses/ceph";
import type { CephCluster } from "./cephCluster";

/** Speaks to a cluster as the driver does, without what the driver decides: as one whose decision is of before. */
export async function withRequests<Result>(
  cluster: CephCluster,
  act: (requests: Cluster) => Promise<Result>,
): Promise<Result> {
  const worker = new Worker("test", optionsFor(cluster));
  try {
    return await act(new Cluster(worker, "test"));
  } finally {
    await worker.close();
  }
}

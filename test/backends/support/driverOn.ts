import { Cluster } from "../../../provider/drivers/ceph/cluster";
import { CephDriver } from "../../../provider/drivers/ceph/driver";
import { Filesystems } from "../../../provider/drivers/ceph/filesystems";
import { Worker } from "../../../provider/drivers/ceph/worker";
import type { Driver } from "../../../provider/drivers/driver";
import { testClock, testEnv } from "../../../provider/testing";
import { optionsFor } from "../../contract/harnesses/ceph";
import type { CephCluster } from "./cephCluster";

/** A driver on a real cluster of whose requests some are held up, lost or refused, as `Requests` says. */
export function driverOn(
  cluster: CephCluster,
  Requests: new (worker: Worker, backend: string) => Cluster = Cluster,
  changed: Record<string, unknown> = {},
): Driver {
  const options = { ...optionsFor(cluster), ...changed };
  const worker = new Worker("test", options);
  const requests = new Requests(worker, "test");
  const filesystems = new Filesystems(worker, "test");
  const now = (pool: number) => requests.now(pool);
  const site = { backend: "test", options, cluster: requests, filesystems, env: testEnv(testClock()), now };
  return new CephDriver(site, () => worker.close());
}

/** Something that is come to, and goes on only when it is let. */
export class Gate {
  readonly reached: Promise<void>;
  private readonly opened: Promise<void>;
  private reach: () => void = () => undefined;
  open: () => void = () => undefined;

  constructor() {
    this.reached = new Promise((settle) => {
      this.reach = settle;
    });
    this.opened = new Promise((settle) => {
      this.open = settle;
    });
  }

  async pass(): Promise<void> {
    this.reach();
    await this.opened;
  }
}

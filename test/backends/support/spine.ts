import type { SpineBackend } from "../../engine/support/engineBackend";
import { cephBackend } from "./cephBackend";
import { type CephCluster, sharedCluster } from "./cephCluster";
import { CephUser } from "./cephUser";

/**
 * The tables of the spine on Ceph, the same that run on `local`. What a table shows of a host (how it tells, keeps and asks) does not
 * depend on the driver, and both hosts are shown on `local`; what it shows of a driver does not depend on the host. So each table runs here
 * on one of them, except for the identity table, which runs on both, for volumes and for shares:
 *
 * - dynamic host: kinds, adoption;
 * - plugin host: rules, kills (where a killed provider is a process of its own), secrets (whose key comes with Configure).
 */
export function clusterForSpine(): { cluster: () => CephCluster; makeBackend: () => SpineBackend } {
  const cluster = sharedCluster();
  const user = new CephUser(cluster);
  afterAll(() => user.close());
  beforeEach(() => user.clean());
  return { cluster, makeBackend: () => cephBackend(cluster(), user) };
}

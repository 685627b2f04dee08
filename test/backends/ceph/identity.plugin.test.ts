import { describeIdentityTable } from "../../engine/identityTable";
import { pluginHost } from "../../engine/support/engineHost";
import { describeWith } from "../../support/requires";
import { cephBackend } from "../support/cephBackend";
import { sharedCluster } from "../support/cephCluster";
import { CephUser } from "../support/cephUser";

describeWith({ needs: ["engine", "ceph"] }, "identity table: plugin host, ceph driver", () => {
  const cluster = sharedCluster();
  const user = new CephUser(cluster);
  afterAll(() => user.close());
  beforeEach(() => user.clean());
  describeIdentityTable(pluginHost, () => cephBackend(cluster(), user));
});

import { describeDriverContract } from "../../../provider/testing";
import { cephHarness } from "../../contract/harnesses/ceph";
import { describeWith } from "../../support/requires";
import { clusterForTests } from "../support/cephCluster";

describeWith({ needs: ["ceph"] }, "ceph", () => {
  const harness = cephHarness(clusterForTests());
  afterAll(() => harness.user.close());
  describeDriverContract("ceph", harness);
});

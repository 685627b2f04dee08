import { describeDriverContract } from "../../../provider/testing";
import { cephHarness } from "../../contract/harnesses/ceph";
import { describeWith } from "../../support/requires";
import { sharedCluster } from "../support/cephCluster";

describeWith({ needs: ["ceph"] }, "ceph", () => {
  const harness = cephHarness(sharedCluster());
  beforeAll(() => harness.cleanup());
  afterAll(() => harness.user.close());
  describeDriverContract("ceph", harness);
});

import { describeIdentityTable } from "../../engine/identityTable";
import { dynamicHost } from "../../engine/support/engineHost";
import { describeWith } from "../../support/requires";
import { clusterForSpine } from "../support/spine";

describeWith({ needs: ["engine", "ceph"] }, "identity table: dynamic host, ceph driver, shares", () => {
  const { makeBackend } = clusterForSpine();
  describeIdentityTable(dynamicHost, makeBackend, "Share");
});

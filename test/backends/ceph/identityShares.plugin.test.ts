import { describeIdentityTable } from "../../engine/identityTable";
import { pluginHost } from "../../engine/support/engineHost";
import { describeWith } from "../../support/requires";
import { clusterForSpine } from "../support/spine";

describeWith({ needs: ["engine", "ceph"] }, "identity table: plugin host, ceph driver, shares", () => {
  const { makeBackend } = clusterForSpine();
  describeIdentityTable(pluginHost, makeBackend, "Share");
});

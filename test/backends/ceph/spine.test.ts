import { describeAdoption } from "../../engine/adoptionTable";
import { describeKinds } from "../../engine/kindsTable";
import { dynamicHost } from "../../engine/support/engineHost";
import { describeWith } from "../../support/requires";
import { clusterForSpine } from "../support/spine";

describeWith({ needs: ["engine", "ceph"] }, "spine: dynamic host, ceph driver", () => {
  const { makeBackend } = clusterForSpine();
  describe("adoption", () => describeAdoption(dynamicHost, makeBackend));
  describe("all kinds", () => describeKinds(dynamicHost, makeBackend));
});

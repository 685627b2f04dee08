import { describeKills } from "../../engine/killTable";
import { describeRules } from "../../engine/rulesTable";
import { describeSecrets } from "../../engine/secretsTable";
import { pluginHost } from "../../engine/support/engineHost";
import { describeWith } from "../../support/requires";
import { keyOfRing } from "../support/consumer";
import { clusterForSpine } from "../support/spine";

/** At how many moments of an `up` the engine is killed here; on `local` it is twice as many. */
const moments = 10;

describeWith({ needs: ["engine", "ceph"] }, "spine: plugin host, ceph driver", () => {
  const { cluster, makeBackend } = clusterForSpine();
  describe("rules", () => describeRules(pluginHost, makeBackend));
  describe("kills", () => describeKills(pluginHost, makeBackend, moments));
  describe("secrets", () =>
    describeSecrets(pluginHost, () => {
      const { monitors, user, keyring, adminKeyring } = cluster();
      return {
        env: {},
        options: { type: "ceph", "monitors[0]": monitors[0] ?? "", user, replicas: "2", answerSeconds: "5" },
        secret: { key: "key", value: keyOfRing(keyring) },
        // One that exists, of another user
        wrong: keyOfRing(adminKeyring),
        leaks: [],
      };
    }));
});

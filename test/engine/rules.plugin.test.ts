import { describeWith } from "../support/requires";
import { describeRules } from "./rulesTable";
import { pluginHost } from "./support/engineHost";

describeWith({ needs: ["engine"] }, "rules, through the engine: plugin host", () => {
  describeRules(pluginHost);
});

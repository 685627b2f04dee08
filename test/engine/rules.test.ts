import { describeWith } from "../support/requires";
import { describeRules } from "./rulesTable";
import { dynamicHost } from "./support/engineHost";

describeWith({ needs: ["engine"] }, "rules, through the engine: dynamic host", () => {
  describeRules(dynamicHost);
});

import { describeWith } from "../support/requires";
import { describeKills } from "./killTable";
import { pluginHost } from "./support/engineHost";

describeWith({ needs: ["engine", "linux"] }, "killed during up: plugin host", () => {
  describeKills(pluginHost);
});

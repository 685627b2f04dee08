import { describeWith } from "../support/requires";
import { describeKills } from "./killTable";
import { dynamicHost } from "./support/engineHost";

describeWith({ needs: ["engine", "linux"] }, "killed during up: dynamic host", () => {
  describeKills(dynamicHost);
});

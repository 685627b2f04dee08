import { describeWith } from "../support/requires";
import { describeSecrets } from "./secretsTable";
import { dynamicHost } from "./support/engineHost";

describeWith({ needs: ["engine"] }, "secrets: dynamic host", () => {
  describeSecrets(dynamicHost);
});

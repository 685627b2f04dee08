import { describeWith } from "../support/requires";
import { describeSecrets } from "./secretsTable";
import { pluginHost } from "./support/engineHost";

describeWith({ needs: ["engine"] }, "secrets: plugin host", () => {
  describeSecrets(pluginHost);
});

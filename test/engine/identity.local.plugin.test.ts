import { describeWith } from "../support/requires";
import { describeIdentityTable } from "./identityTable";
import { pluginHost } from "./support/engineHost";
import { localBackend } from "./support/localBackend";

describeWith({ needs: ["engine"] }, "identity table: plugin host, local driver", () => {
  describeIdentityTable(pluginHost, localBackend);
});

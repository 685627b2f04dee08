import { describeWith } from "../support/requires";
import { describeIdentityTable } from "./identityTable";
import { dynamicHost } from "./support/engineHost";
import { localBackend } from "./support/localBackend";

describeWith({ needs: ["engine"] }, "identity table: dynamic host, local driver", () => {
  describeIdentityTable(dynamicHost, localBackend);
});

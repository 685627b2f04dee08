import { describeWith } from "../support/requires";
import { describeIdentityTable } from "./identityTable";
import { localBackend } from "./support/localBackend";

describeWith({ needs: ["engine"] }, "identity table: dynamic host, local driver, shares", () => {
  describeIdentityTable(localBackend, "Share");
});

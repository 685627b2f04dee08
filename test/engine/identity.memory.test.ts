import { describeWith } from "../support/requires";
import { describeIdentityTable } from "./identityTable";
import { dynamicHost } from "./support/engineHost";
import { memoryBackend } from "./support/memoryBackend";

describeWith({ needs: ["engine"] }, "identity table: dynamic host, memory driver", () => {
  describeIdentityTable(dynamicHost, memoryBackend);
});

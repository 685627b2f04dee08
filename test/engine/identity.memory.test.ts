import { describeWith } from "../support/requires";
import { describeIdentityTable } from "./identityTable";
import { memoryBackend } from "./support/memoryBackend";

describeWith({ needs: ["engine"] }, "identity table: dynamic host, memory driver", () => {
  describeIdentityTable(memoryBackend);
});

import { describeWith } from "../support/requires";
import { describeIdentityTable } from "./identityTable";
import { pluginHost } from "./support/engineHost";
import { memoryBackend } from "./support/memoryBackend";

describeWith({ needs: ["engine"] }, "identity table: plugin host, memory driver", () => {
  describeIdentityTable(pluginHost, memoryBackend);
});

import { describeWith } from "../support/requires";
import { describePreviews } from "./previewTable";
import { pluginHost } from "./support/engineHost";

describeWith({ needs: ["engine"] }, "the first preview, through the engine: plugin host", () => {
  describePreviews(pluginHost);
});

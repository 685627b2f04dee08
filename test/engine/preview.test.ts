import { describeWith } from "../support/requires";
import { describePreviews } from "./previewTable";
import { dynamicHost } from "./support/engineHost";

describeWith({ needs: ["engine"] }, "the first preview, through the engine: dynamic host", () => {
  describePreviews(dynamicHost);
});

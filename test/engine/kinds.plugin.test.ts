import { describeWith } from "../support/requires";
import { describeKinds } from "./kindsTable";
import { pluginHost } from "./support/engineHost";

describeWith({ needs: ["engine"] }, "all kinds, through the engine: plugin host", () => {
  describeKinds(pluginHost);
});

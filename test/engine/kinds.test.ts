import { describeWith } from "../support/requires";
import { describeKinds } from "./kindsTable";
import { dynamicHost } from "./support/engineHost";

describeWith({ needs: ["engine"] }, "all kinds, through the engine: dynamic host", () => {
  describeKinds(dynamicHost);
});

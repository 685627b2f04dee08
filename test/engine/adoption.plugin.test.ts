import { describeWith } from "../support/requires";
import { describeAdoption } from "./adoptionTable";
import { pluginHost } from "./support/engineHost";

describeWith({ needs: ["engine"] }, "adoption and lost state, through the engine: plugin host", () => {
  describeAdoption(pluginHost);
});

import { describeWith } from "../support/requires";
import { describeAdoption } from "./adoptionTable";
import { dynamicHost } from "./support/engineHost";

describeWith({ needs: ["engine"] }, "adoption and lost state, through the engine: dynamic host", () => {
  describeAdoption(dynamicHost);
});

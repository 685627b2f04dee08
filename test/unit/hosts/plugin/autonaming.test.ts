import { CheckRequest } from "@pulumi/pulumi/proto/provider_pb";
import { proposeName } from "../../../../provider/hosts/plugin/autonaming";
import { snapshot } from "../../../../provider/model/snapshot";
import { volume } from "../../../../provider/model/volume";

const { PROPOSE, ENFORCE, DISABLE } = CheckRequest.AutonamingOptions.Mode;
const options = (mode: CheckRequest.AutonamingOptions.Mode) =>
  new CheckRequest.AutonamingOptions().setMode(mode).setProposedName("proposed");

test("where the stack says nothing about names, nothing is proposed", () => {
  expect(proposeName(undefined, volume, { size: "1GiB" }, undefined)).toEqual({
    inputs: { size: "1GiB" },
    failures: [],
  });
});

test.each([PROPOSE, ENFORCE])("a name that is proposed (mode %d) is taken where none is given", (mode) => {
  expect(proposeName(options(mode), volume, {}, undefined).inputs).toEqual({ name: "proposed" });
  expect(proposeName(options(mode), volume, { name: "given" }, undefined).inputs).toEqual({ name: "given" });
});

test.each([PROPOSE, ENFORCE, DISABLE])("an object keeps the name it has (mode %d)", (mode) => {
  expect(proposeName(options(mode), volume, {}, { name: "before" })).toEqual({ inputs: {}, failures: [] });
});

test("where automatic names are turned off, a name must be given", () => {
  const { failures } = proposeName(options(DISABLE), snapshot, {}, undefined);
  expect(failures).toEqual([{ property: "name", reason: expect.stringContaining("give the Snapshot a name") }]);
});

import { CheckRequest } from "@pulumi/pulumi/proto/provider_pb";
import type { CheckFailure, Properties } from "../../lifecycle/lifecycle";
import type { Kind } from "../../model/kind";

/**
 * What the stack's configuration says about names (`pulumi:autonaming`). Where it says nothing the lifecycle makes the name
 * from the resource's own, never with a random suffix.
 */
export function proposeName(
  options: CheckRequest.AutonamingOptions | undefined,
  kind: Kind,
  inputs: Properties,
  oldInputs: Properties | undefined,
): { inputs: Properties; failures: CheckFailure[] } {
  const isNamed = inputs.name !== undefined || typeof oldInputs?.name === "string" || !("name" in kind.inputs);
  if (!options || isNamed) return { inputs, failures: [] };
  if (options.getMode() === CheckRequest.AutonamingOptions.Mode.DISABLE) {
    const reason = `automatic names are turned off in this stack (pulumi:autonaming); give the ${kind.name} a name`;
    return { inputs, failures: [{ property: "name", reason }] };
  }
  return { inputs: { ...inputs, name: options.getProposedName() }, failures: [] };
}

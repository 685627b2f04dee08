import { fullPath, propertyPath, reasonOf, suggestion, telling } from "../model/issues";
import type { Kind } from "../model/kind";
import { nameFromLogical, nameProblem } from "../model/names";
import type { CheckFailure, CheckRequest, Properties } from "./lifecycle";
import { hasUnknown } from "./unknown";

/**
 * Validates the shape of inputs without asking any backend. Properties that are not known yet are left alone. The inputs
 * come back as spelled; only the name is filled in, because it must stay when the resource is renamed.
 */
export function checkShape(kind: Kind, request: CheckRequest): { inputs: Properties; failures: CheckFailure[] } {
  const failures: CheckFailure[] = [];
  const inputs: Properties = { ...request.newInputs };
  for (const key of Object.keys(inputs)) {
    if (inputs[key] === undefined) delete inputs[key];
    else if (namesPrototype(inputs[key])) failures.push({ property: key, reason: '"__proto__" is not a key' });
    else if (!Object.hasOwn(kind.inputs, key)) failures.push({ property: key, reason: unknownProperty(kind, key) });
  }
  if (inputs.name === undefined && "name" in kind.inputs) {
    const name =
      typeof request.oldInputs?.name === "string"
        ? request.oldInputs.name
        : nameFromLogical(logicalName(request.owner));
    if (nameProblem(name))
      failures.push({
        property: "name",
        reason: `no name can be made from the resource's name; give one: ${nameProblem(name)}`,
      });
    else inputs.name = name;
  }
  for (const [key, schema] of Object.entries(kind.inputs)) {
    if (hasUnknown(inputs[key])) continue;
    const result = schema.safeParse(inputs[key]);
    if (result.success) continue;
    if (inputs[key] === undefined) {
      if (key !== "name") failures.push({ property: key, reason: `missing required property "${key}"` });
      continue;
    }
    for (const issue of telling(result.error.issues))
      failures.push({ property: propertyPath([key, ...fullPath(issue)]), reason: reasonOf(issue, schema) });
  }
  failures.push(...checkGroups(kind, inputs));
  return { inputs, failures };
}

/** The rules that a kind has about several inputs at once. */
function checkGroups(kind: Kind, inputs: Properties): CheckFailure[] {
  const isGiven = (key: string) => inputs[key] !== undefined;
  const none = (kind.atLeastOneOf ?? []).filter((group) => !group.some(isGiven));
  const half = (kind.together ?? []).filter((group) => group.some(isGiven) && !group.every(isGiven));
  return [
    ...none.map((group) => ({
      property: group[0] as string,
      reason: `missing required property: give ${group.join(" or ")}`,
    })),
    ...half.map((group) => {
      const missing = group.filter((key) => !isGiven(key));
      return {
        property: missing[0] as string,
        reason: `${group.join(" and ")} go together; give ${missing.join(", ")} too, or leave the others out`,
      };
    }),
  ];
}

/** Whether a key stands somewhere that validation passes over, because JavaScript gives it a meaning of its own. */
function namesPrototype(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(namesPrototype);
}

/** The last part of an owner. It may itself hold slashes; what comes before cannot. */
export function logicalName(owner: string): string {
  return owner.split("/").slice(3).join("/");
}

function unknownProperty(kind: Kind, key: string): string {
  return `${kind.name} has no property "${key.replace(/\p{C}/gu, "?")}"; ${suggestion(key, Object.keys(kind.inputs))}`;
}

import { PropertyDiff } from "@pulumi/pulumi/proto/provider_pb";
import type { DiffResult, Properties } from "../../lifecycle/lifecycle";
import { unknownValue } from "../../lifecycle/unknown";
import { propertyPath } from "../../model/issues";
import { canonicalJson } from "../../model/kind";

const { Kind } = PropertyDiff;

/** What of the changed inputs differs, down to the property: `labels.team`, not `labels`. */
export function detailedDiff(
  result: DiffResult,
  oldState: Properties,
  newInputs: Properties,
): Map<string, PropertyDiff> {
  const differences = new Map<string, PropertyDiff>();
  for (const key of result.changed) {
    const isReplaced = result.replaces.includes(key);
    for (const [path, kind] of differencesOf([key], oldState[key], newInputs[key])) {
      const difference = new PropertyDiff();
      difference.setKind(isReplaced ? replacing[kind] : kind);
      // Compared with the state, which is what the lifecycle compared: read may know more than the old inputs
      difference.setInputdiff(false);
      differences.set(path, difference);
    }
  }
  return differences;
}

type Change = typeof Kind.ADD | typeof Kind.DELETE | typeof Kind.UPDATE;
const replacing = {
  [Kind.ADD]: Kind.ADD_REPLACE,
  [Kind.DELETE]: Kind.DELETE_REPLACE,
  [Kind.UPDATE]: Kind.UPDATE_REPLACE,
} as const;

function differencesOf(path: PropertyKey[], before: unknown, after: unknown): [string, Change][] {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const inner = keys
      .filter((key) => canonicalOf(before[key]) !== canonicalOf(after[key]))
      .flatMap((key) => differencesOf([...path, key], before[key], after[key]));
    if (inner.length > 0) return inner;
  }
  const kind = before === undefined ? Kind.ADD : after === undefined ? Kind.DELETE : Kind.UPDATE;
  return [[propertyPath(path), kind]];
}

/** JSON leaves symbols out, so an unknown must not look like nothing. */
function canonicalOf(value: unknown): string {
  if (value === unknownValue) return "unknown";
  return canonicalJson(value) ?? "nothing";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

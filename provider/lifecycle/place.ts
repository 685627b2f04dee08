import { formatObjectId, formatPoolId, type ObjectId, parseObjectId, parsePoolId } from "../model/names";
import type { Storage } from "../storage/storage";
import type { Properties } from "./lifecycle";

/** Inputs that say where something is. */
const placeInputs = ["backend", "pool", "source"];

/**
 * New inputs, with each place spelled as in the old ones where both mean the same: renaming a backend (`formerly`) moves
 * nothing, so it is no difference, and ids stay what they were.
 */
export function keepPlace(inputs: Properties, oldInputs: Properties | undefined, storage: Storage): Properties {
  if (!oldInputs) return inputs;
  const kept = { ...inputs };
  for (const key of placeInputs) {
    if (
      kept[key] !== undefined &&
      JSON.stringify(canonical(kept[key], storage)) === JSON.stringify(canonical(oldInputs[key], storage))
    )
      kept[key] = oldInputs[key];
  }
  return kept;
}

function canonical(value: unknown, storage: Storage): unknown {
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, canonical(inner, storage)]));
  }
  if (typeof value !== "string") return value;
  const pool = parsePoolId(value);
  if (pool) return formatPoolId(storage.canonical(pool));
  const object = parseObjectId(value);
  if (object) return formatObjectId(storage.canonical(object));
  return storage.canonical({ backend: value, pool: "" }).backend;
}

/** Where inputs place an object, or undefined while that is not known. */
export function placeOf(inputs: Properties): ObjectId | undefined {
  const poolId = typeof inputs.pool === "string" ? parsePoolId(inputs.pool) : undefined;
  return poolId && typeof inputs.name === "string" ? { ...poolId, name: inputs.name } : undefined;
}

/** Those of the inputs that a record keeps as spelled. */
export function recordedInputs(inputs: Properties, keys: readonly string[]): Properties {
  return Object.fromEntries(keys.filter((key) => inputs[key] !== undefined).map((key) => [key, inputs[key]]));
}

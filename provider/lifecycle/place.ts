import { formatObjectId, formatPoolId, parseObjectId, parsePoolId } from "../model/names";
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

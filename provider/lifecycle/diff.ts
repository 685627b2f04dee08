import type { z } from "zod";
import { type Kind, sameInput } from "../model/kind";
import type { DiffRequest, DiffResult, Properties } from "./lifecycle";
import { lostMarker, takeUpMarker } from "./lost";
import { hasUnknown } from "./unknown";

/** Inputs about how the engine's calls are made, not about the object. */
const aboutCalls = ["timeouts"];

/** What differs between a state and new inputs, for every kind. Pure, and never throws: whatever a state holds, refresh must get through. */
export function diffInputs(kind: Kind, request: DiffRequest): DiffResult {
  const { oldState, newInputs, owner } = request;
  const changed = changedInputs(kind, oldState, newInputs);
  if (oldState.owner !== undefined && oldState.owner !== owner) changed.push("owner");
  if (isRepairWanted(oldState, newInputs)) changed.push(lostMarker);
  if (newInputs[takeUpMarker] !== undefined) changed.push("adopt");
  const isAllowed = typeof oldState.uid === "string" && newInputs.allowDataLoss === oldState.uid;
  const replaces = isAllowed ? immutableChanges(kind, oldState, newInputs) : [];
  const keepsPlace = !replaces.some((key) => key === "name" || key === "pool");
  return { changed, replaces, deleteBeforeReplace: replaces.length > 0 && keepsPlace };
}

/** The inputs, permissions aside, in which the two differ. An unknown may differ. */
export function changedInputs(kind: Kind, oldProperties: Properties, newInputs: Properties): string[] {
  const schemas = kind.inputs as Record<string, z.ZodType>;
  return Object.keys(schemas).filter(
    (key) =>
      !kind.permissions.includes(key) &&
      !aboutCalls.includes(key) &&
      (hasUnknown(newInputs[key]) || !sameInput(schemas[key], oldProperties[key], newInputs[key])),
  );
}

/**
 * The immutable inputs that change to another known value. Leaving one out is no change: what a disk was made from stays
 * true when the program stops saying so.
 */
export function immutableChanges(kind: Kind, oldProperties: Properties, newInputs: Properties): string[] {
  return changedInputs(kind, oldProperties, newInputs).filter(
    (key) => kind.immutable.includes(key) && newInputs[key] !== undefined && !hasUnknown(newInputs[key]),
  );
}

/** Read has noted that the object is missing or held elsewhere, or the user allows it to be made anew: then update must look. */
function isRepairWanted(oldState: Properties, newInputs: Properties): boolean {
  if (oldState[lostMarker] !== newInputs[lostMarker]) return true;
  return typeof oldState.uid === "string" && newInputs.recreateIfMissing === oldState.uid;
}

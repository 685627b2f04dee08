import type { Kind } from "../model/kind";
import type { ExpectedRequest, Properties } from "./lifecycle";
import { lostMarker, withoutMarkers } from "./lost";
import { unknownValue } from "./unknown";

/**
 * The state that a preview may promise: the inputs, what is `certain`, and of an object that stays what it is the outputs it
 * has. Everything else is unknown.
 */
export function expectedState(kind: Kind, request: ExpectedRequest, certain: Properties): Properties {
  const { oldState, newInputs, owner } = request;
  const keys = Object.keys(kind.outputs);
  const outputs = Object.fromEntries(keys.map((key) => [key, unknownValue as unknown]));
  if (oldState && !isMadeAnew(oldState, newInputs))
    for (const key of keys) if (oldState[key] !== undefined) outputs[key] = oldState[key];
  // What the backend makes of another size is only known afterwards
  if ("sizeBytes" in certain && certain.sizeBytes !== oldState?.sizeBytes && "actualSizeBytes" in outputs)
    outputs.actualSizeBytes = unknownValue;
  return { ...withoutMarkers(newInputs), ...outputs, ...certain, owner };
}

/** Whether the update will look for the object, take it over, or make another. */
function isMadeAnew(oldState: Properties, newInputs: Properties): boolean {
  return oldState[lostMarker] !== undefined || newInputs.recreateIfMissing === oldState.uid;
}

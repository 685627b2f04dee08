import type { StoredObject } from "../drivers/driver";
import type { ObjectId } from "../model/names";
import type { DataKind } from "./dataKind";
import type { Properties, ReadResult } from "./lifecycle";
import { formatLost, type Lost, lostMarker, withoutMarkers } from "./lost";
import { protectionOf } from "./properties";
import { classOf } from "./settings";

/** The state of a resource: its inputs as spelled, and what the object is. */
export function stateOf(data: DataKind, object: StoredObject, inputs: Properties, owner: string): Properties {
  const { record } = object;
  return {
    ...withoutMarkers(inputs),
    uid: record.uid,
    claim: record.claim,
    owner,
    status: object.health,
    poolIdentity: record.poolIdentity,
    ...data.outputsOf(object),
  };
}

/** Inputs as last spelled by whoever declared them; what only the engine's calls need is echoed from the state. */
export function inputsOf(data: DataKind, object: StoredObject, id: ObjectId, oldState: Properties): Properties {
  const { record } = object;
  const echoed = Object.fromEntries(
    [...data.kind.permissions, "timeouts"]
      .filter((key) => oldState[key] !== undefined)
      .map((key) => [key, oldState[key]]),
  );
  const labels = ownLabels(object, oldState);
  const hasLabels = Object.keys(labels).length > 0 || oldState.labels !== undefined;
  const saysProtection = oldState.deletionProtection !== undefined || (record.protection && oldState.uid === undefined);
  return {
    ...echoed,
    ...data.inputsOf(object, id),
    ...(hasLabels ? { labels } : {}),
    ...(saysProtection ? { deletionProtection: record.protection } : {}),
  };
}

/** An object's labels without those that only its class gives it. */
function ownLabels({ record }: StoredObject, oldState: Properties): Record<string, string> {
  const ofClass = classOf(record.requested)?.labels ?? {};
  const declared = (oldState.labels as Record<string, string> | undefined) ?? {};
  return Object.fromEntries(
    Object.entries(record.labels).filter(([key, value]) => key in declared || ofClass[key] !== value),
  );
}

/** Protection that is not declared stays as it is, unless it was declared before. */
export function protectionChange(oldState: Properties, newInputs: Properties): { protection?: boolean } {
  const declared = protectionOf(newInputs);
  if (declared !== undefined) return { protection: declared };
  return oldState.deletionProtection === undefined ? {} : { protection: false };
}

export function lost(result: ReadResult, how: Lost): ReadResult {
  const reason = formatLost(how);
  return {
    ...result,
    state: { ...result.state, [lostMarker]: reason },
    inputs: { ...result.inputs, [lostMarker]: reason },
  };
}

/** A state as it was, with another status; the inputs in it as they were. */
export function withStatus(
  data: DataKind,
  oldState: Properties,
  status: StoredObject["health"],
): { state: Properties; inputs: Properties } {
  const inputs = Object.fromEntries(
    Object.keys(data.kind.inputs).flatMap((key) => (oldState[key] === undefined ? [] : [[key, oldState[key]]])),
  );
  return { state: { ...oldState, status }, inputs };
}

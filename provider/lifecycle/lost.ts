import type { Properties } from "./lifecycle";

/**
 * What refresh notes in state and inputs about an object that this state no longer holds as it should: it is missing, or
 * another state has taken it over. It is the difference that lets the next update act on a permission.
 */
export const lostMarker = "lost";
export type Lost = { how: "missing" | "superseded"; uid: string };

/** What check notes in inputs where `adopt` names an object that no stack holds: the difference that lets the update take it up. */
export const takeUpMarker = "takeUp";

/** Inputs as they go into a state: without what is only between two calls of the engine. */
export function withoutMarkers(inputs: Properties): Properties {
  const { [lostMarker]: _lost, [takeUpMarker]: _takeUp, ...kept } = inputs;
  return kept;
}

export function formatLost({ how, uid }: Lost): string {
  return `${how}:${uid}`;
}
export function lostIn(properties: Properties | undefined): Lost | undefined {
  const match = /^(missing|superseded):(.+)$/.exec(String(properties?.[lostMarker] ?? ""));
  return match ? { how: match[1] as Lost["how"], uid: match[2] as string } : undefined;
}

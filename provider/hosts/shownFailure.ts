import type { CheckFailure, Properties } from "../lifecycle/lifecycle";
import { redact } from "../model/redact";

/**
 * A failure as the engine prints it well. It shows the value of the property that a failure names, and looks for it among the
 * program's inputs under that very name: a path below the top, or a property that has its default, it would show with `value {<nil>}`.
 * Such a failure names no property, and a path stands in its reason.
 */
export function shownFailure({ property, reason }: CheckFailure, inputs: Properties): CheckFailure {
  if (property === "" || inputs[property] !== undefined) return { property, reason: redact(reason) };
  return { property: "", reason: redact(/[.[]/.test(property) ? `${property}: ${reason}` : reason) };
}

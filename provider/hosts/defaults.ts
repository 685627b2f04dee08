import type { Properties } from "../lifecycle/lifecycle";
import type { Kind } from "../model/kind";

/** Where things are placed whose resource does not say it. */
export interface Defaults {
  /** `<backend>/<pool>`. */
  pool?: string | undefined;
  /** `class/<name>`. */
  volumeClass?: string | undefined;
}

/**
 * Inputs with a place: the one that is declared, else the one it had, so that another default moves nothing, else the
 * default.
 */
export function withDefaults(
  kind: Kind,
  inputs: Properties,
  oldInputs: Properties | undefined,
  defaults: Defaults,
): Properties {
  const isPlaced = ["pool", "volumeClass"].some((key) => inputs[key] !== undefined);
  if (isPlaced || !("pool" in kind.inputs)) return inputs;
  const takesClass = "volumeClass" in kind.inputs;
  if (oldInputs?.pool !== undefined) return { ...inputs, pool: oldInputs.pool };
  if (takesClass && defaults.volumeClass !== undefined) return { ...inputs, volumeClass: defaults.volumeClass };
  return defaults.pool === undefined ? inputs : { ...inputs, pool: defaults.pool };
}

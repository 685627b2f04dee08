import type { Properties } from "../lifecycle/lifecycle";
import { type Issue, KrStorageError } from "../model/errors";
import { fullPath, propertyPath, reasonOf, telling } from "../model/issues";
import type { Kind } from "../model/kind";
import { providerConfig, providerEnvironment } from "../model/providerConfig";
import { structured } from "./structured";

/** Where things are placed whose resource does not say it. */
export interface Defaults {
  /** `<backend>/<pool>`. */
  pool?: unknown;
  /** The definition of a class. */
  volumeClass?: unknown;
}

/** Everything that is wrong with the defaults of a configuration, each with its path. */
export function defaultIssues(config: { defaultPool?: unknown; defaultClass?: unknown }): Issue[] {
  return (["defaultPool", "defaultClass"] as const).flatMap((key) => {
    const schema = providerConfig[key];
    const issues = telling(schema.safeParse(config[key]).error?.issues ?? []);
    return issues.map((issue) => ({
      path: propertyPath([key, ...fullPath(issue)]),
      message: reasonOf(issue, schema),
    }));
  });
}

/** The defaults of a configuration, else of the environment. Throws INVALID_ARGUMENT naming what is wrong. */
export function readDefaults(config: { defaultPool?: unknown; defaultClass?: unknown }, where: string): Defaults {
  const { defaultPool, defaultClass } = providerEnvironment;
  const pool = config.defaultPool ?? (process.env[defaultPool] || undefined);
  const volumeClass = config.defaultClass ?? fromEnvironment(defaultClass);
  const issues = defaultIssues({ defaultPool: pool, defaultClass: volumeClass });
  if (issues.length === 0) return { pool, volumeClass };
  const text = issues.map(({ path, message }) => `${where}${path}: ${message}`).join("; ");
  throw new KrStorageError("INVALID_ARGUMENT", text, { issues });
}

function fromEnvironment(name: string): unknown {
  const text = process.env[name];
  return text ? structured(name, text) : undefined;
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
  const { pool, volumeClass } = defaults;
  const isPlaced = inputs.pool !== undefined || inputs.volumeClass !== undefined;
  if (isPlaced || !("pool" in kind.inputs) || (pool === undefined && volumeClass === undefined)) return inputs;
  const takesClass = "volumeClass" in kind.inputs;
  if (takesClass && oldInputs?.volumeClass !== undefined)
    return { ...inputs, volumeClass: volumeClass ?? oldInputs.volumeClass };
  if (oldInputs?.pool !== undefined) return { ...inputs, pool: oldInputs.pool };
  if (takesClass && volumeClass !== undefined) return { ...inputs, volumeClass };
  return pool === undefined ? inputs : { ...inputs, pool };
}

import type { StorageConfig } from "../storage/config";
import { type ConfigSources, resolveConfig } from "../storage/configSources";
import { type Defaults, readDefaults } from "./defaults";
import { structured } from "./structured";

/** The stack's configuration as Pulumi hands it to a program or to the dynamic provider: text, structured values as JSON. */
export interface StackConfig {
  backends: string | undefined;
  stackId: string | undefined;
  defaultPool?: string | undefined;
  defaultClass?: string | undefined;
}

/** What the storage of a stack is to be opened with. Throws INVALID_ARGUMENT naming every mistake. */
export function storageConfigOf({ backends, stackId }: StackConfig): StorageConfig {
  const sources: ConfigSources = { stackId, where: "krstorage:backends" };
  if (backends !== undefined) sources.backends = structured("krstorage:backends", backends);
  return resolveConfig(sources);
}

/** Where the stack places what does not say it. Throws INVALID_ARGUMENT naming every mistake. */
export function defaultsOf({ defaultPool, defaultClass }: StackConfig): Defaults {
  const volumeClass = defaultClass === undefined ? undefined : structured("krstorage:defaultClass", defaultClass);
  return readDefaults({ defaultPool, defaultClass: volumeClass }, "krstorage:");
}

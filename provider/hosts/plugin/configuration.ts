import type { Log } from "../../drivers/driver";
import type { Properties } from "../../lifecycle/lifecycle";
import { Plan } from "../../lifecycle/plan";
import { hasUnknown, knownOnly, unknownValue } from "../../lifecycle/unknown";
import { type Issue, KrStorageError } from "../../model/errors";
import { suggestion } from "../../model/issues";
import { quote } from "../../model/names";
import { providerConfig } from "../../model/providerConfig";
import { resolveConfig } from "../../storage/configSources";
import { Storage } from "../../storage/storage";
import { type Defaults, defaultIssues, readDefaults } from "../defaults";
import { structured } from "../structured";
import { decodeJson, type SecretPaths } from "./wire";

/** Keys that the engine puts among a provider's inputs for itself. */
const enginesOwn = ["version", "pluginDownloadURL", "pluginChecksums", "__internal", "parameterization"];

/** What one provider resource was configured with. */
export interface Configured {
  storage: Storage;
  plan: Plan;
  defaults: Defaults;
}

/** What is structured comes as an object, or, since configuration is text, as JSON. */
const structuredKeys = ["backends", "defaultClass"] as const;

/**
 * Provider inputs as we know them, with what came as JSON, marks of secrets inside, as data. Secrets that are found in the
 * text are noted.
 */
export function readConfig(properties: Properties, secrets: SecretPaths): Properties {
  const known = Object.fromEntries(Object.entries(properties).filter(([key]) => !enginesOwn.includes(key)));
  for (const key of structuredKeys) {
    const value = known[key];
    if (typeof value === "string") known[key] = decodeJson(structured(`krstorage:${key}`, value), [key], secrets);
  }
  return known;
}

/** Everything that is wrong with provider inputs, each with its path. What is not known yet is not looked at. */
export function configIssues(properties: Properties): Issue[] {
  const { backends, stackId } = properties;
  const unknown = Object.keys(properties)
    .filter((key) => !Object.hasOwn(providerConfig, key))
    .map((path) => ({
      path,
      message: `the provider has no property "${quote(path, 40)}"; ${suggestion(path, Object.keys(providerConfig))}`,
    }));
  const known = knownOnly(properties);
  return [
    ...unknown,
    ...(stackId === undefined || stackId === unknownValue || typeof stackId === "string"
      ? []
      : [{ path: "stackId", message: "expected a text" }]),
    ...defaultIssues(known),
    ...(hasUnknown(backends) ? [] : backendIssues(backends)),
  ];
}

function backendIssues(backends: unknown): Issue[] {
  try {
    resolveConfig({ backends, where: "backends" });
    return [];
  } catch (error) {
    if (!KrStorageError.isInstance(error)) throw error;
    return error.issues.length > 0 ? error.issues : [{ path: "", message: error.message }];
  }
}

/** Opens what is configured. Nothing is asked of a backend before it is needed. */
export function openConfigured(properties: Properties, log: Log): Configured {
  if (hasUnknown(properties))
    throw new KrStorageError("PRECONDITION_FAILED", "the provider's configuration is not known yet");
  const { backends, stackId } = properties;
  const config = resolveConfig({
    backends,
    stackId: typeof stackId === "string" ? stackId : undefined,
    where: "backends",
  });
  return { storage: new Storage(config, { log }), plan: new Plan(), defaults: readDefaults(properties, "") };
}

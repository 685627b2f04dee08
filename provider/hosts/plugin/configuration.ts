import type { Log } from "../../drivers/driver";
import type { Properties } from "../../lifecycle/lifecycle";
import { Plan } from "../../lifecycle/plan";
import { hasUnknown, unknownValue } from "../../lifecycle/unknown";
import { type Issue, KrStorageError } from "../../model/errors";
import { suggestion } from "../../model/issues";
import { parsePoolId, quote } from "../../model/names";
import { providerConfig } from "../../model/providerConfig";
import { resolveConfig } from "../../storage/configSources";
import { Storage } from "../../storage/storage";
import type { Defaults } from "../defaults";
import { decodeJson, type SecretPaths } from "./wire";

/** Keys that the engine puts among a provider's inputs for itself. */
const enginesOwn = ["version", "pluginDownloadURL", "pluginChecksums", "__internal", "parameterization"];

/** What one provider resource was configured with. */
export interface Configured {
  storage: Storage;
  plan: Plan;
  defaults: Defaults;
}

/**
 * Provider inputs as we know them. `backends` comes as an object, or, since configuration is text, as JSON with the marks
 * of secrets inside; both come out as the object. Secrets that are found in the text are noted.
 */
export function readConfig(properties: Properties, secrets: SecretPaths): Properties {
  const known = Object.fromEntries(Object.entries(properties).filter(([key]) => !enginesOwn.includes(key)));
  if (typeof known.backends === "string") known.backends = decodeJson(parseJson(known.backends), ["backends"], secrets);
  return known;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without its cause: a JSON error quotes the text, which holds credentials
    const message = `is not structured configuration; set it with "pulumi config set --path 'krstorage:backends.main.type' local"`;
    throw new KrStorageError("INVALID_ARGUMENT", `backends: ${message}`, { issues: [{ path: "backends", message }] });
  }
}

/** Everything that is wrong with provider inputs, each with its path. What is not known yet is not looked at. */
export function configIssues(properties: Properties): Issue[] {
  const issues: Issue[] = [];
  for (const [key, value] of Object.entries(properties)) {
    if (!(key in providerConfig))
      issues.push({
        path: key,
        message: `the provider has no property "${quote(key, 40)}"; ${suggestion(key, Object.keys(providerConfig))}`,
      });
    else if (key !== "backends" && value !== unknownValue && typeof value !== "string")
      issues.push({ path: key, message: "expected a text" });
  }
  const { defaultPool, backends } = properties;
  if (typeof defaultPool === "string" && parsePoolId(defaultPool) === undefined)
    issues.push({
      path: "defaultPool",
      message: `"${defaultPool}" is not a pool id; write "<backend>/<pool>", such as "main/ssd"`,
    });
  if (!hasUnknown(backends)) issues.push(...backendIssues(backends));
  return issues;
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
  const { backends, stackId, defaultPool, defaultClass } = properties;
  if (hasUnknown(properties))
    throw new KrStorageError("PRECONDITION_FAILED", "the provider's configuration is not known yet");
  const config = resolveConfig({ backends, stackId: textOf(stackId), where: "backends" });
  return {
    storage: new Storage(config, { log }),
    plan: new Plan(),
    defaults: { pool: textOf(defaultPool), volumeClass: textOf(defaultClass) },
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

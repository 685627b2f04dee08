import { z } from "zod";
import type { DriverType } from "../drivers/driver";
import { driverTypes, loadDriver } from "../drivers/registry";
import { type Issue, KrStorageError } from "../model/errors";
import { propertyPath, reasonOf, suggestion } from "../model/issues";
import { metaOf } from "../model/kind";
import { nameProblem, objectName, quote } from "../model/names";
import { duration } from "../model/quantity";
import { registerSecret } from "../model/redact";
import { labels } from "../model/shared";

/** Options that a backend of any type takes. */
export const backendOptions = {
  /** The longest that one call to the backend may take. Default "5m". */
  timeout: duration.optional(),
  /** How many calls to the backend run at once. Default 16. */
  concurrency: z.number().int().min(1).max(256).optional(),
  /** Free key-value pairs about the backend, for people. */
  labels: labels.optional(),
  /** Names that this backend had before; ids that were made under them stay valid. */
  formerly: z.array(objectName).optional(),
  /** Freeze: nothing is changed or pruned, reads work. Default false. */
  readOnly: z.boolean().optional(),
  /** The identity of a pool, or of several, that replaces the one which states have pinned, such as after a restore from backup. */
  acceptIdentity: z.union([z.string(), z.array(z.string())]).optional(),
};

const common = z.object(backendOptions);
/** Options that a backend of any type takes. @interface */
export type BackendOptions = z.infer<typeof common>;

/** One configured backend: validated, its driver loaded but not opened. */
export interface BackendConfig {
  name: string;
  driver: DriverType;
  /** What the driver asked for. */
  driverOptions: Record<string, unknown>;
  options: BackendOptions;
}

export interface StorageConfig {
  backends: BackendConfig[];
  /** Random, written once; tells two states of one project and stack name apart. */
  stackId?: string | undefined;
  /** Nothing was configured: its one backend is the default. */
  isDefault?: boolean;
}

/**
 * Reads `backends` as configuration spells it. `where` names the source in messages ("krstorage:backends", a file).
 * Throws INVALID_ARGUMENT with one issue per mistake, each naming the key and what would be right; values of secrets are never quoted.
 */
export function parseBackends(backends: unknown, where: string): BackendConfig[] {
  const problems: Issue[] = [];
  if (typeof backends !== "object" || backends === null || Array.isArray(backends)) {
    const message =
      'expected names of backends with their options, such as { main: { type: "local", path: "/srv/storage" } }';
    throw invalid(where, [{ path: where, message }]);
  }
  const parsed: BackendConfig[] = [];
  for (const [name, value] of Object.entries(backends)) {
    const problem = nameProblem(name);
    if (problem) problems.push({ path: where, message: problem });
    else parseBackend(name, value, `${where}.${name}`, parsed, problems);
  }
  refuseNameTwice(parsed, where, problems);
  if (problems.length > 0) throw invalid(where, problems);
  return parsed;
}

function invalid(where: string, issues: Issue[]): KrStorageError {
  const message = issues.map((issue) => `${issue.path}: ${issue.message}`).join("; ");
  return new KrStorageError("INVALID_ARGUMENT", message, { target: where, issues });
}

function parseBackend(name: string, value: unknown, where: string, parsed: BackendConfig[], problems: Issue[]): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    problems.push({ path: where, message: 'expected options, such as { type: "local", path: "/srv/storage" }' });
    return;
  }
  const { type, ...rest } = value as Record<string, unknown>;
  if (typeof type !== "string") {
    problems.push({ path: `${where}.type`, message: `is missing; types are ${driverTypes().join(", ")}` });
    return;
  }
  if (!driverTypes().includes(type)) {
    const message = `there is no driver "${quote(type, 40)}"; ${suggestion(type, driverTypes(), "types")}`;
    problems.push({ path: `${where}.type`, message });
    return;
  }
  const driver = loadDriver(type);
  const schema = z.strictObject({ ...backendOptions, ...driver.options.shape });
  const result = schema.safeParse(rest);
  if (!result.success) {
    problems.push(
      ...result.error.issues.map((issue) => describeIssue(issue, where, ["type", ...Object.keys(schema.shape)], rest)),
    );
    return;
  }
  const all = result.data as Record<string, unknown>;
  const driverOptions: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(driver.options.shape) as [string, z.ZodType][]) {
    const given = all[key];
    if (given !== undefined) driverOptions[key] = given;
    if (metaOf(option, "secret") === true && typeof given === "string") registerSecret(given);
  }
  parsed.push({ name, driver, driverOptions, options: common.parse(all) });
}

function describeIssue(issue: z.core.$ZodIssue, where: string, known: string[], given: Record<string, unknown>): Issue {
  if (issue.code === "unrecognized_keys" && issue.path.length === 0) {
    const keys = issue.keys.map((key) => `"${quote(key, 40)}"`).join(", ");
    return { path: where, message: `unknown ${keys}; ${suggestion(issue.keys[0] ?? "", known)}` };
  }
  const isMissing = issue.path.length === 1 && given[String(issue.path[0])] === undefined;
  return { path: propertyPath([where, ...issue.path]), message: isMissing ? "is missing" : reasonOf(issue) };
}

function refuseNameTwice(parsed: BackendConfig[], where: string, problems: Issue[]): void {
  const names = new Map<string, string>();
  for (const backend of parsed) {
    for (const name of [backend.name, ...(backend.options.formerly ?? [])]) {
      const other = names.get(name);
      if (other !== undefined)
        problems.push({ path: where, message: `"${name}" names both ${other} and ${backend.name}` });
      names.set(name, backend.name);
    }
  }
}

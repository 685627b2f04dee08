import {
  type CheckRequest,
  CheckResponse,
  type ConfigureRequest,
  ConfigureResponse,
  type DiffRequest,
  DiffResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import type { CheckFailure, Properties } from "../../lifecycle/lifecycle";
import { hasUnknown } from "../../lifecycle/unknown";
import { type Issue, KrStorageError } from "../../model/errors";
import { canonicalJson } from "../../model/kind";
import { shownFailure } from "../shownFailure";
import { configIssues, readConfig } from "./configuration";
import { checkFailure } from "./resources";
import type { Session } from "./session";
import { type Decoded, decode, encode } from "./wire";

/** The engine's calls about the provider itself. */

/** Says what is wrong with the configuration, and has the engine keep the backends as a secret whether or not they came as one. */
export function checkConfig(request: CheckRequest): CheckResponse {
  const decoded = decode(request.getNews());
  const response = new CheckResponse();
  response.setFailuresList(issuesOf(decoded).map((issue) => checkFailure(failureOf(issue, decoded.properties))));
  if (decoded.properties.backends !== undefined) decoded.secrets.add(["backends"]);
  return response.setInputs(encode(decoded.properties, decoded.secrets));
}

/** The engine prints the value of a property that is named whole, and this one holds credentials. */
function failureOf({ path, message }: Issue, inputs: Properties): CheckFailure {
  if (path === "backends") return { property: "", reason: `${path}: ${message}` };
  return shownFailure({ property: path, reason: message }, inputs);
}

function issuesOf(decoded: Decoded): Issue[] {
  try {
    return configIssues(readConfig(decoded.properties, decoded.secrets));
  } catch (error) {
    if (KrStorageError.isInstance(error) && error.issues.length > 0) return error.issues;
    throw error;
  }
}

/** Another address or credential is the same backend, and its identity is verified where it counts: nothing is ever replaced. */
export function diffConfig(request: DiffRequest): DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = DiffResponse.DiffChanges;
  const [before, after] = [request.getOlds(), request.getNews()].map((struct) => comparable(decode(struct)));
  const isSame = before !== undefined && before === after;
  return new DiffResponse().setChanges(isSame ? DIFF_NONE : DIFF_SOME);
}

function comparable(decoded: Decoded): string | undefined {
  const properties = readConfig(decoded.properties, decoded.secrets);
  return hasUnknown(properties) ? undefined : canonicalJson(properties);
}

export function configure(request: ConfigureRequest, session: Session): ConfigureResponse {
  const args = decode(request.getArgs());
  const known: Properties = request.hasArgs() ? args.properties : variablesOf(request);
  session.configure(readConfig(known, args.secrets));
  const response = new ConfigureResponse();
  response.setAcceptsecrets(true);
  response.setSupportspreview(true);
  response.setAcceptresources(true);
  response.setAcceptoutputs(true);
  return response.setSupportsAutonamingConfiguration(true);
}

/** The older spelling of the same: `krstorage:config:<key>` with text values. */
function variablesOf(request: ConfigureRequest): Properties {
  const entries: [string, unknown][] = [];
  request.getVariablesMap().forEach((value, key) => {
    entries.push([key.slice(key.lastIndexOf(":") + 1), value]);
  });
  return Object.fromEntries(entries);
}

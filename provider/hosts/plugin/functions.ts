import { type InvokeRequest, InvokeResponse } from "@pulumi/pulumi/proto/provider_pb";
import { callFunction, isFunction } from "../../lifecycle/functions";
import { KrStorageError } from "../../model/errors";
import { type FunctionName, functions } from "../../model/functions";
import { metaOf } from "../../model/kind";
import { checkFailure } from "./resources";
import type { Session } from "./session";
import { decode, encode, SecretPaths } from "./wire";

const functionsModule = "krstorage:index:";

/** The engine's calls of functions. */
export async function invoke(request: InvokeRequest, session: Session): Promise<InvokeResponse> {
  const token = request.getTok();
  const name = token.startsWith(functionsModule) ? token.slice(functionsModule.length) : "";
  if (!isFunction(name)) {
    const known = Object.keys(functions).map((each) => functionsModule + each);
    throw new KrStorageError(
      "INVALID_ARGUMENT",
      `krstorage has no function "${token}"; functions are ${known.join(", ")}`,
    );
  }
  const { properties } = decode(request.getArgs());
  const answer = await callFunction(name, properties, session.contextFor(""));
  const response = new InvokeResponse();
  if ("failures" in answer) response.setFailuresList(answer.failures.map(checkFailure));
  else response.setReturn(encode(answer.result, secretsOf(name)));
  return response;
}

/** The outputs of a function that are declared as secrets. */
function secretsOf(name: FunctionName): SecretPaths {
  const secrets = new SecretPaths();
  for (const [key, schema] of Object.entries(functions[name].outputs))
    if (metaOf(schema, "secret") === true) secrets.add([key]);
  return secrets;
}

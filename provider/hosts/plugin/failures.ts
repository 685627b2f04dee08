import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { InputPropertiesError } from "@pulumi/pulumi/proto/errors_pb";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { PartialFailure, type Properties } from "../../lifecycle/lifecycle";
import { type ErrorCode, type Issue, KrStorageError, messageOf } from "../../model/errors";
import { redact } from "../../model/redact";
import { encode, type SecretPaths } from "./wire";

/**
 * Our codes as gRPC's. UNKNOWN and INTERNAL make the engine note an operation of unknown end in the state; ours end known, or
 * are found again by the next create, so only a mistake of ours is INTERNAL. UNIMPLEMENTED would mean an old plugin.
 */
const grpcCodes: Record<ErrorCode, status> = {
  INVALID_ARGUMENT: status.INVALID_ARGUMENT,
  NOT_FOUND: status.NOT_FOUND,
  ALREADY_EXISTS: status.ALREADY_EXISTS,
  CONFLICT: status.ABORTED,
  IN_USE: status.FAILED_PRECONDITION,
  PRECONDITION_FAILED: status.FAILED_PRECONDITION,
  UNSUPPORTED: status.FAILED_PRECONDITION,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  PERMISSION_DENIED: status.PERMISSION_DENIED,
  QUOTA_EXCEEDED: status.RESOURCE_EXHAUSTED,
  RATE_LIMITED: status.RESOURCE_EXHAUSTED,
  TIMEOUT: status.DEADLINE_EXCEEDED,
  UNAVAILABLE: status.UNAVAILABLE,
  CANCELLED: status.CANCELLED,
  PROTOCOL: status.FAILED_PRECONDITION,
  INTERNAL: status.INTERNAL,
};

/** What a call was given, for what the state must remember of a partial failure. */
export interface Given {
  inputs: Properties;
  secrets: SecretPaths;
}

/** Anything that was thrown as the engine is to be told: the message alone, and in details what it acts on. */
export function serviceError(error: unknown, given?: Given): ServiceError {
  if (isServiceError(error)) return error;
  if (error instanceof PartialFailure) return partial(error, given);
  if (!KrStorageError.isInstance(error)) return failure(status.INTERNAL, mistake(error));
  return failure(grpcCodes[error.code], error.message, issueDetails(error.issues));
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "metadata" in error && error.metadata instanceof Metadata;
}

/** A mistake of ours: with its stack, since nobody else can say where it happened. */
function mistake(error: unknown): string {
  const trace = error instanceof Error && error.stack ? error.stack : messageOf(error);
  return redact(`a mistake in KRStorage: ${trace}`);
}

/** Something exists, so the engine keeps it in the state, and the next update goes on from there. */
function partial(error: PartialFailure, given: Given | undefined): ServiceError {
  const message = messageOf(error.failure);
  const detail = new ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(encode({ ...given?.inputs, ...error.state }, given?.secrets));
  if (given) detail.setInputs(encode(given.inputs, given.secrets));
  detail.setReasonsList([message]);
  return failure(status.UNKNOWN, message, pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed"));
}

function issueDetails(issues: Issue[]): Any | undefined {
  if (issues.length === 0) return undefined;
  const detail = new InputPropertiesError();
  for (const { path, message } of issues) {
    const property = new InputPropertiesError.PropertyError();
    property.setPropertyPath(path);
    property.setReason(message);
    detail.addErrors(property);
  }
  return pack(detail.serializeBinary(), "pulumirpc.InputPropertiesError");
}

function pack(bytes: Uint8Array, name: string): Any {
  const any = new Any();
  any.pack(bytes, name);
  return any;
}

function failure(code: status, message: string, detail?: Any): ServiceError {
  const metadata = new Metadata();
  if (detail) {
    const whole = new Status();
    whole.setCode(code);
    whole.setMessage(message);
    whole.addDetails(detail);
    metadata.add("grpc-status-details-bin", Buffer.from(whole.serializeBinary()));
  }
  return Object.assign(new Error(message), { code, details: message, metadata });
}

/** For what this plugin will never do. */
export function unimplemented(message: string): ServiceError {
  return failure(status.UNIMPLEMENTED, message);
}

import type { ErrorCode } from "../../provider/model/errors";

/** A command that worked, and found something that is not as it should be: damage, a backend that does not answer. */
export const foundProblems = 1;

/** What `krstorage` ends with, by the code of the error. They are as stable as the codes. */
export const exitCodes: Record<ErrorCode, number> = {
  INVALID_ARGUMENT: 2,
  NOT_FOUND: 3,
  ALREADY_EXISTS: 4,
  CONFLICT: 5,
  IN_USE: 6,
  PRECONDITION_FAILED: 7,
  UNSUPPORTED: 8,
  UNAUTHENTICATED: 9,
  PERMISSION_DENIED: 10,
  QUOTA_EXCEEDED: 11,
  RATE_LIMITED: 12,
  TIMEOUT: 13,
  UNAVAILABLE: 14,
  PROTOCOL: 15,
  INTERNAL: 70,
  CANCELLED: 130,
};

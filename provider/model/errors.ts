import { redact } from "./redact";

/** What went wrong, as a closed set that callers can switch over. Adding a code is a minor release, changing one a major. */
export type ErrorCode =
  | "INVALID_ARGUMENT"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "CONFLICT"
  | "IN_USE"
  | "PRECONDITION_FAILED"
  | "UNSUPPORTED"
  | "UNAUTHENTICATED"
  | "PERMISSION_DENIED"
  | "QUOTA_EXCEEDED"
  | "RATE_LIMITED"
  | "TIMEOUT"
  | "UNAVAILABLE"
  | "CANCELLED"
  | "PROTOCOL"
  | "INTERNAL";

/** Whether the backend may have changed: `not-applied` is certain, `unknown` means observe before acting on that name again. */
export type Outcome = "not-applied" | "unknown" | "partial";

/** One thing wrong with one input. `path` is a property path such as `size` or `access[0].client`. */
export interface Issue {
  path: string;
  message: string;
}

export interface ErrorDetails {
  /** Whether the same call may succeed later without anything else being changed. Default false. */
  retryable?: boolean;
  /** Default `not-applied`. */
  outcome?: Outcome;
  /** The object it happened to, as a person would name it: an id, a path, a configuration key. */
  target?: string;
  issues?: Issue[];
  cause?: unknown;
}

/** The one error class of this package. `message` says what failed, on which object, and what to do; it never holds a secret. */
export class KrStorageError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly outcome: Outcome;
  readonly target: string | undefined;
  readonly issues: Issue[];
  /** Two copies of the package may meet in one process, so identity is by this marker, never by `instanceof`. */
  readonly __krStorageError = true;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(redact(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "KrStorageError";
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.outcome = details.outcome ?? "not-applied";
    this.target = details.target === undefined ? undefined : redact(details.target);
    this.issues = (details.issues ?? []).map((issue) => ({ path: issue.path, message: redact(issue.message) }));
  }

  static isInstance(value: unknown): value is KrStorageError {
    return (
      typeof value === "object" && value !== null && (value as { __krStorageError?: unknown }).__krStorageError === true
    );
  }

  /** A stable, secret-free form for logs and `--json`. The cause is left out: it may be a foreign error that quotes secrets. */
  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      outcome: this.outcome,
      ...(this.target === undefined ? {} : { target: this.target }),
      ...(this.issues.length === 0 ? {} : { issues: this.issues }),
    };
  }
}

/** True if `error` is ours and carries one of `codes`. */
export function hasCode<Code extends ErrorCode>(
  error: unknown,
  ...codes: Code[]
): error is KrStorageError & { readonly code: Code } {
  return KrStorageError.isInstance(error) && (codes as ErrorCode[]).includes(error.code);
}

/** The same error with another outcome, for what is found out after it was thrown. */
export function withOutcome(error: KrStorageError, outcome: Outcome): KrStorageError {
  return new KrStorageError(error.code, error.message, {
    retryable: error.retryable,
    outcome,
    issues: error.issues,
    cause: error.cause,
    ...(error.target === undefined ? {} : { target: error.target }),
  });
}

/** The message of anything that was thrown, with secrets removed. */
export function messageOf(error: unknown): string {
  return redact(error instanceof Error ? error.message : String(error));
}

import assert from "node:assert/strict";
import { type ErrorCode, KrStorageError } from "../model/errors";

/** Asserts that a call is refused with one of these codes, and that the error is one that callers can act on. */
export async function assertRefused(call: Promise<unknown>, ...codes: ErrorCode[]): Promise<KrStorageError> {
  const error = await call.then(
    (value) =>
      assert.fail(`expected ${codes.join(" or ")}, but it succeeded with ${JSON.stringify(value)?.slice(0, 300)}`),
    (thrown: unknown) => thrown,
  );
  if (!KrStorageError.isInstance(error)) throw error;
  assert.ok(codes.includes(error.code), `expected ${codes.join(" or ")}, got ${error.code}: ${error.message}`);
  assert.equal(error.outcome, "not-applied", `${error.code} is a refusal, so nothing was applied: ${error.message}`);
  assert.ok(error.message.length > 0, "an error says what is wrong");
  return error;
}

/** How a call ended, for cases in which both ends are right. */
export type Ending<Value> = { value: Value; error?: undefined } | { value?: undefined; error: KrStorageError };

/** Waits for a call. An error that is not a `KrStorageError` is never right. */
export async function endingOf<Value>(call: Promise<Value>): Promise<Ending<Value>> {
  try {
    return { value: await call };
  } catch (error) {
    if (!KrStorageError.isInstance(error)) throw error;
    return { error };
  }
}

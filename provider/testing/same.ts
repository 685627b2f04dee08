import assert from "node:assert/strict";

/**
 * Asserts that two pieces of stored data say the same. They are compared as JSON has them: which realm an object was made in
 * (jest runs tests in one of their own) and whether an absent field is there as undefined makes no difference to anybody. What
 * data occupies is left out: a file system writes late, so it changes by itself.
 */
export function assertSame(actual: unknown, expected: unknown, message?: string): void {
  assert.deepEqual(plain(actual), plain(expected), message);
}

function plain(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value, withoutOccupied)) as unknown);
}

function withoutOccupied(key: string, value: unknown): unknown {
  return key === "allocatedBytes" ? undefined : value;
}

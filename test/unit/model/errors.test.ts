import { hasCode, KrStorageError } from "../../../provider/model/errors";

test("an error says by default that nothing was applied and a retry is no use", () => {
  const error = new KrStorageError("CONFLICT", "no");
  expect(error.toJSON()).toEqual({ code: "CONFLICT", message: "no", retryable: false, outcome: "not-applied" });
  expect(error.name).toBe("KrStorageError");
});

test("the JSON of an error has all that was given", () => {
  const issues = [{ path: "size", message: "too small" }];
  const error = new KrStorageError("TIMEOUT", "late", {
    retryable: true,
    outcome: "unknown",
    target: "main/ssd",
    issues,
  });
  expect(error.toJSON()).toEqual({
    code: "TIMEOUT",
    message: "late",
    retryable: true,
    outcome: "unknown",
    target: "main/ssd",
    issues,
  });
});

test("an error of another copy of the package is known as one", () => {
  const foreign = Object.assign(new Error("x"), { __krStorageError: true, code: "IN_USE" });
  expect(KrStorageError.isInstance(foreign)).toBe(true);
  expect(hasCode(foreign, "NOT_FOUND", "IN_USE")).toBe(true);
});

test.each([undefined, null, "CONFLICT", new Error("x"), { code: "CONFLICT" }])("%p is none of ours", (value) => {
  expect(hasCode(value, "CONFLICT")).toBe(false);
});

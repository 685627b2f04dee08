import { KrStorageError, messageOf } from "../../../provider/model/errors";
import { redact, registerSecret } from "../../../provider/model/redact";

test.each([
  "https://ana:hunter2@host/x",
  "https://hunter2@host",
  "s3+http://key:hunter2@[::1]:9000/bucket",
  "https://ana:p@hunter2@host/x",
  "HTTPS://ana:hunter2@HOST",
])("credentials in %s are taken out", (url) => {
  expect(redact(`cannot reach ${url}`)).not.toContain("hunter2");
  expect(redact(`cannot reach ${url}`)).toMatch(/host|::1/i);
});

test.each([
  "Authorization: Bearer hunter2",
  "authorization: Basic hunter2",
  "Authorization: hunter2",
  "Authorization=hunter2",
  "Authorization: Token hunter2",
  "Authorization: AWS4-HMAC-SHA256 Credential=AK/20310101, Signature=hunter2",
  '{"authorization":"Bearer hunter2","host":"h"}',
  "{ authorization: 'Bearer hunter2', host: 'h' }",
  "Proxy-Authorization: Basic hunter2",
])("the header in %s is taken out", (text) => {
  expect(redact(text)).not.toContain("hunter2");
});

test("what stands after a quoted header stays", () => {
  expect(redact('{"authorization":"Bearer abc","status":503}')).toContain('"status":503');
});

test("a text without secrets stays as it is", () => {
  const text = "pool main/ssd: user@host wrote to https://host/path?a=b, authorization failed";
  expect(redact(text)).toBe(text);
});

test("a registered secret is taken out wherever it stands", () => {
  registerSecret("correct-horse");
  expect(redact("a correct-horse and correct-horse")).toBe("a [redacted] and [redacted]");
});

test("of two secrets that begin alike, the longer leaves no tail", () => {
  registerSecret("battery");
  registerSecret("battery-staple");
  expect(redact("battery-staple")).toBe("[redacted]");
});

test("a value that is too short to protect anything blanks nothing out", () => {
  registerSecret("a");
  registerSecret("");
  expect(redact("a pool")).toBe("a pool");
});

test("an error holds no secret in message, target, issues, stack or JSON", () => {
  registerSecret("s3cr3t-value");
  const error = new KrStorageError("UNAVAILABLE", "no s3cr3t-value", {
    target: "https://u:s3cr3t-value@h",
    issues: [{ path: "endpoint", message: "has s3cr3t-value" }],
  });
  for (const text of [error.message, error.target, error.issues[0]?.message, error.stack, JSON.stringify(error)]) {
    expect(text).toBeDefined();
    expect(text).not.toContain("s3cr3t-value");
  }
});

test("the JSON of an error leaves its cause out", () => {
  const error = new KrStorageError("INTERNAL", "failed", { cause: new Error("quotes not-registered") });
  expect(JSON.stringify(error)).not.toContain("not-registered");
});

test("the message of a foreign error is redacted", () => {
  expect(messageOf(new Error("https://u:p4ss@h"))).toBe("https://[redacted]@h");
  expect(messageOf("Authorization: Bearer x")).toBe("Authorization: [redacted]");
});

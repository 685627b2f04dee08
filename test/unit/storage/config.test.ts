import { registerDriver } from "../../../provider/drivers/registry";
import type { KrStorageError } from "../../../provider/model/errors";
import { redact } from "../../../provider/model/redact";
import { parseBackends } from "../../../provider/storage/config";
import { FakeDisk, fakeDriverType } from "../support/fakeDriver";
import { thrown } from "../support/thrown";

beforeAll(() => registerDriver(fakeDriverType(new FakeDisk())));

const where = "krstorage:backends";

function refusal(backends: unknown): Promise<KrStorageError> {
  return thrown(() => parseBackends(backends, where));
}

test.each<[string, unknown, string, string]>([
  ["not an object", "main", where, 'such as { main: { type: "local"'],
  ["a list", [], where, "expected names of backends"],
  ["null", null, where, "expected names of backends"],
  ["a backend that is no object", { main: "local" }, `${where}.main`, "expected options"],
  ["a backend that is null", { main: null }, `${where}.main`, "expected options"],
  ["a missing type", { main: { path: "/x" } }, `${where}.main.type: is missing`, "fake, local"],
  ["a type that is no text", { main: { type: 1 } }, `${where}.main.type: is missing`, "fake, local"],
  [
    "an unknown type",
    { main: { type: "floppy" } },
    `${where}.main.type`,
    'there is no driver "floppy"; types are ceph, fake, local',
  ],
  ["a type of Object", { main: { type: "constructor" } }, `${where}.main.type`, 'there is no driver "constructor"'],
  ["an unknown option", { main: { type: "fake", pth: "/x" } }, `${where}.main`, 'unknown "pth"; did you mean "path"?'],
  [
    "a misspelt type",
    { main: { type: "fkae" } },
    `${where}.main.type`,
    'there is no driver "fkae"; did you mean "fake"?',
  ],
  ["a bad name", { "Main/x": { type: "fake" } }, where, '"Main/x" is not a name'],
  ["an option of the driver", { main: { type: "fake", path: "x" } }, `${where}.main.path`, "expected an absolute path"],
  ["a bad timeout", { main: { type: "fake", timeout: "soon" } }, `${where}.main.timeout`, 'such as "24h"'],
  ["a bad concurrency", { main: { type: "fake", concurrency: 0 } }, `${where}.main.concurrency`, "at least 1"],
  ["a bad freeze", { main: { type: "fake", readOnly: "yes" } }, `${where}.main.readOnly`, "expected true or false"],
  [
    "a bad label",
    { main: { type: "fake", labels: { a: "\u0000" } } },
    `${where}.main.labels.a`,
    "no control characters",
  ],
  [
    "a bad label key",
    { main: { type: "fake", labels: { "a b": "x" } } },
    `${where}.main.labels`,
    "a label key is 1 to 63",
  ],
  ["a bad former name", { main: { type: "fake", formerly: ["../x"] } }, `${where}.main.formerly[0]`, "is not a name"],
])("%s: the refusal names the key and what would be right", async (_mistake, backends, key, right) => {
  const error = await refusal(backends);
  expect(error.code).toBe("INVALID_ARGUMENT");
  expect(error.message).toContain(key);
  expect(error.message).toContain(right);
});

test("a former name that another backend has is refused, naming both", async () => {
  const clash = { main: { type: "fake", formerly: ["old"] }, old: { type: "fake" } };
  expect((await refusal(clash)).message).toContain('"old" names both main and old');
});

test("every mistake is named at once", async () => {
  const { message } = await refusal({ a: { type: "floppy" }, b: { type: "fake", timeout: "x" }, c: 1 });
  for (const key of [`${where}.a.type`, `${where}.b.timeout`, `${where}.c`]) expect(message).toContain(key);
});

test("the value of a secret is never quoted, not even a wrong one", async () => {
  const error = await refusal({ main: { type: "fake", password: "hunt3r" } });
  expect(error.message).toContain(`${where}.main.password`);
  expect(JSON.stringify(error) + error.stack).not.toContain("hunt3r");
});

test("a secret that was read is redacted from then on, also where its option is optional", () => {
  parseBackends({ main: { type: "fake", password: "hunter2-long" } }, where);
  expect(redact("wrong password hunter2-long")).toBe("wrong password [redacted]");
});

test("what is right is taken apart into the driver's options and the common ones", () => {
  const [main] = parseBackends({ main: { type: "fake", path: "/srv", timeout: "5s", readOnly: true } }, where);
  expect(main).toMatchObject({
    name: "main",
    driverOptions: { path: "/srv" },
    options: { timeout: "5s", readOnly: true },
  });
  expect(main?.options).not.toHaveProperty("path");
  expect(main?.driver.type).toBe("fake");
});

test("no backends are a configuration too", () => {
  expect(parseBackends({}, where)).toEqual([]);
});

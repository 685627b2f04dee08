import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registerDriver } from "../../../provider/drivers/registry";
import type { KrStorageError } from "../../../provider/model/errors";
import { type ConfigSources, resolveConfig } from "../../../provider/storage/configSources";
import { Storage } from "../../../provider/storage/storage";
import { FakeDisk, fakeDriverType } from "../support/fakeDriver";
import { thrown } from "../support/thrown";

let folder: string;
beforeAll(() => registerDriver(fakeDriverType(new FakeDisk())));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "krstorage-config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, "krstorage.yaml");
  writeFileSync(path, text);
  return path;
}
function names(sources: ConfigSources): string[] {
  return resolveConfig(sources).backends.map((backend) => backend.name);
}
function refusalOf(text: string): Promise<KrStorageError> {
  const path = file(text);
  return thrown(() => resolveConfig({ env: { KRSTORAGE_CONFIG: path } }));
}

const valid = "stackId: from-file\nbackends:\n  disk: { type: fake }\n";

test("what the program gives comes before the file", () => {
  const env = { KRSTORAGE_CONFIG: file(valid) };
  expect(names({ backends: { given: { type: "fake" } }, env })).toEqual(["given"]);
});

test("the file that the environment names comes before the default", () => {
  expect(names({ env: { KRSTORAGE_CONFIG: file(valid), KRSTORAGE_HOME: "/elsewhere" } })).toEqual(["disk"]);
});

test("where nothing is configured, a backend that is asked for is refused with where to name it", async () => {
  const storage = new Storage(resolveConfig({ env: { KRSTORAGE_HOME: folder } }));
  const { message } = await thrown(() => storage.backend("main"));
  expect(message).toBe(
    'there is no backend "main": nothing is configured, so there is only local; set krstorage:backends in the stack, or name a file in KRSTORAGE_CONFIG',
  );
  await storage.close();
});

test("the stack id given comes before the one in the file", () => {
  const env = { KRSTORAGE_CONFIG: file(valid) };
  expect(resolveConfig({ env }).stackId).toBe("from-file");
  expect(resolveConfig({ env, stackId: "given" }).stackId).toBe("given");
});

test("a file without backends has none", () => {
  expect(names({ env: { KRSTORAGE_CONFIG: file("stackId: x\n") } })).toEqual([]);
});

test("a file that is missing is named, with the variable that names it", async () => {
  const error = await thrown(() => resolveConfig({ env: { KRSTORAGE_CONFIG: join(folder, "none.yaml") } }));
  expect(error.code).toBe("INVALID_ARGUMENT");
  expect(error.message).toContain(`${join(folder, "none.yaml")} (KRSTORAGE_CONFIG) cannot be read`);
});

test.each([
  ["an unknown key", "backend: {}\n", 'unknown key "backend"; keys are backends, stackId'],
  ["a list", "- a\n", 'not a mapping with the key "backends"'],
  ["nothing", "", 'not a mapping with the key "backends"'],
  ["a stack id that is no text", "stackId: 5\n", "stackId is a text"],
  [
    "a bad backend",
    "backends:\n  main: { type: floppy }\n",
    'krstorage.yaml: backends.main.type: there is no driver "floppy"',
  ],
  ["no YAML", "backends: [\n", "cannot be read"],
])("a file with %s is refused, saying what would be right", async (_mistake, text, right) => {
  const error = await refusalOf(text);
  expect(error.code).toBe("INVALID_ARGUMENT");
  expect(error.message).toContain("krstorage.yaml");
  expect(error.message).toContain(right);
});

test("a file that is no YAML is refused with the line, without quoting what may be a secret", async () => {
  const error = await refusalOf("backends:\n  main:\n    password: hunter2: oops\n");
  expect(error.message).toContain("line 3");
  expect(`${error.message}${String(error.cause)}`).not.toContain("hunter2");
});

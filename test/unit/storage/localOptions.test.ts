import { parseBackends } from "../../../provider/storage/config";
import { resolveConfig } from "../../../provider/storage/configSources";
import { thrown } from "../support/thrown";

test.each([
  ["a relative path", { path: "data" }, "krstorage:backends.main.path"],
  ["no path", {}, "krstorage:backends.main.path"],
  ["a path that is no text", { path: 5 }, "krstorage:backends.main.path"],
])("a local backend with %s is refused, naming the key", async (_mistake, options, key) => {
  const error = await thrown(() => parseBackends({ main: { type: "local", ...options } }, "krstorage:backends"));
  expect(error.message).toContain(key);
});

test("without any configuration there is one local backend, below the home that the environment names", () => {
  const { backends } = resolveConfig({ env: { KRSTORAGE_HOME: "/elsewhere" } });
  expect(backends).toMatchObject([{ name: "local", driverOptions: { path: "/elsewhere" } }]);
});

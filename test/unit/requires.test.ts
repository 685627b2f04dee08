import { missing, reasonFor } from "../support/requires";

test("a need that this machine meets gives no reason", () => {
  expect(missing([])).toEqual([]);
  expect([reasonFor("root"), reasonFor("notRoot")].filter((reason) => reason === undefined)).toHaveLength(1);
});

test("a need that is not met gives its reason, once", () => {
  const unmet = reasonFor("root") === undefined ? "notRoot" : "root";
  expect(missing([unmet, unmet])).toEqual([reasonFor(unmet)]);
});

test("the engine is needed by its folder, not by whatever is on PATH", () => {
  expect(reasonFor("engine") === undefined).toBe((process.env.KRSTORAGE_TEST_ENGINE_BIN ?? "") !== "");
});

import fc from "fast-check";
import { canonicalJson, sameInput } from "../../../provider/model/kind";
import { pool } from "../../../provider/model/pool";
import { volume } from "../../../provider/model/volume";

const { size, labels } = volume.inputs;
const { trashRetention } = pool.inputs;

test.each([
  ["1024MiB", "1GiB", true],
  ["1.5GiB", "1536MiB", true],
  ["1000MB", "1GB", true],
  ["1GB", "1GiB", false],
  ["1GiB", "1 GiB", true],
  ["nonsense", "nonsense", true],
  ["nonsense", "1GiB", false],
])("sizes %s and %s are the same: %s", (a, b, same) => {
  expect(sameInput(size, a, b)).toBe(same);
});

test("a quantity is known through optional()", () => {
  expect(sameInput(pool.inputs.capacity, "1024MiB", "1GiB")).toBe(true);
});

test("durations are compared as time", () => {
  expect(sameInput(trashRetention, "24h", "1d")).toBe(true);
  expect(sameInput(trashRetention, "24h", "2d")).toBe(false);
});

test("texts without a unit are compared as text", () => {
  expect(sameInput(volume.inputs.name, "1GiB", "1024MiB")).toBe(false);
  expect(sameInput(undefined, "1GiB", "1024MiB")).toBe(false);
});

test("absent, null and undefined are the same, and differ from every value", () => {
  expect(sameInput(size, undefined, null)).toBe(true);
  expect(sameInput(size, undefined, "1GiB")).toBe(false);
  expect(sameInput(labels, {}, undefined)).toBe(false);
  expect(sameInput(undefined, false, undefined)).toBe(false);
});

test("the order of keys says nothing, the order of a list does", () => {
  expect(sameInput(labels, { a: "1", b: "2" }, { b: "2", a: "1" })).toBe(true);
  expect(sameInput(undefined, [1, 2], [2, 1])).toBe(false);
});

test("every value is the same as itself, in whatever order its keys are", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(sameInput(undefined, value, reversed(value))).toBe(true);
    }),
  );
});

test("canonical JSON is equal for equal data and reads back as it", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean())), (value) => {
      expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("canonical JSON leaves absent properties out, at any depth", () => {
  expect(canonicalJson({ b: { d: undefined, c: null, a: 1 }, a: undefined })).toBe('{"b":{"a":1}}');
});

/** The same data with the keys of every object in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}

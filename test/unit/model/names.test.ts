import fc from "fast-check";
import { nameFromLogical, nameProblem, objectName } from "../../../provider/model/names";

const bad = [
  "",
  "../x",
  "a/b",
  "-rf",
  ".hidden",
  "a.",
  "a-",
  "_a",
  "A",
  "Ünïcode",
  "数据",
  "a b",
  "a\u0000b",
  "a\nb",
  "a\u001b[31m",
  "a".repeat(64),
  "a".repeat(300),
  "a@b",
  "..",
  "~",
  "$HOME",
];

test.each(bad)("%j is no name, and the refusal says what would be right", (name) => {
  const problem = nameProblem(name);
  expect(problem).toContain("use 1 to 63 of a-z");
  expect(problem).not.toMatch(/\p{C}/u);
  expect((problem as string).length).toBeLessThan(200);
});

test.each(["a", "0", "pgdata", "a-b", "a.b", "a_b", "3f9a1c", "a".repeat(63), `a${"-".repeat(61)}b`])(
  "%j is a name",
  (name) => {
    expect(nameProblem(name)).toBeUndefined();
  },
);

test("the schema refuses with the same sentence", () => {
  expect(objectName.safeParse("../x").error?.issues[0]?.message).toBe(nameProblem("../x"));
});

test.each([
  ["PgData", "pgdata"],
  ["my volume", "my-volume"],
  ["db/primary", "db-primary"],
  ["../x", "x"],
  ["-rf", "rf"],
  ["Ünïcode", "n-code"],
])("the logical name %j makes the name %j", (logical, name) => {
  expect(nameFromLogical(logical)).toBe(name);
});

test("a name made from a logical name is valid, or empty where nothing is left", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary", maxLength: 300 }),
        fc.string({ unit: fc.constantFrom("a", "Z", "0", ".", "-", "_", "/", "é"), maxLength: 300 }),
      ),
      (logical) => {
        const name = nameFromLogical(logical);
        expect(name === "" || nameProblem(name) === undefined).toBe(true);
      },
    ),
  );
});

test("making a name is stable: a name makes itself", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/), (name) => {
      expect(nameFromLogical(name)).toBe(name);
    }),
  );
});

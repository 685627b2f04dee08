import { lifecycles } from "../../../provider/lifecycle";
import { kinds } from "../../../provider/model/kinds";

const table = Object.entries(kinds);

test.each(table)("the word %s is the kind's name with a small first letter", (word, kind) => {
  expect(kind.name).toBe(word.charAt(0).toUpperCase() + word.slice(1));
});

test.each(table)("the lifecycle of %s is of that kind", (word, kind) => {
  expect(lifecycles[word as keyof typeof lifecycles].kind).toBe(kind);
});

test.each(table)("%s has no property that is both an input and an output", (_word, kind) => {
  expect(Object.keys(kind.inputs).filter((key) => Object.hasOwn(kind.outputs, key))).toEqual([]);
});

test.each(table)("%s permits only by naming a uid", (_word, kind) => {
  const inputs: Record<string, { safeParse(value: unknown): { success: boolean } }> = kind.inputs;
  for (const key of kind.permissions) {
    expect([
      inputs[key]?.safeParse("0123456789abcdef0123456789abcdef").success,
      inputs[key]?.safeParse(true).success,
    ]).toEqual([true, false]);
  }
});

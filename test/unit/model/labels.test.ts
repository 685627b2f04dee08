import { labels } from "../../../provider/model/shared";

test.each([{}, { app: "db" }, { "example.com/tier": "" }, { a: "x".repeat(255) }, { a: "grüße 数据" }])(
  "%j are labels",
  (value) => {
    expect(labels.safeParse(value).success).toBe(true);
  },
);

test.each(["\u0000", "a\nb", "\u001b[31mred", "\u007f", "\u0085"])(
  "a label value with the control character in %j is refused with its path",
  (value) => {
    const issue = labels.safeParse({ app: "db", note: value }).error?.issues[0];
    expect(issue?.path).toEqual(["note"]);
    expect(issue?.message).toBe("a label value has no control characters");
  },
);

test.each(["", "-a", "a-", "a b", "a\n", "ключ", "a".repeat(64)])("%j is no label key", (key) => {
  const issue = labels.safeParse(JSON.parse(`{${JSON.stringify(key)}: "x"}`)).error?.issues[0];
  expect(issue?.path).toEqual([key]);
});

test("a label value has at most 255 characters", () => {
  expect(labels.safeParse({ a: "x".repeat(256) }).error?.issues[0]?.message).toContain("255");
});

test("there are at most 32 labels", () => {
  const count = (many: number) =>
    labels.safeParse(Object.fromEntries(Array.from({ length: many }, (_, index) => [`k${index}`, "v"]))).success;
  expect([count(32), count(33)]).toEqual([true, false]);
});

import fc from "fast-check";
import {
  formatObjectId,
  formatPoolId,
  parseObjectId,
  parsePoolId,
  poolIdText,
  snapshotIdText,
  snapshotName,
  uidText,
  volumeIdText,
} from "../../../provider/model/names";

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/);

test("a pool id reads back as what it was made of", () => {
  fc.assert(
    fc.property(fc.record({ backend: name, pool: name }), (id) => {
      expect(parsePoolId(formatPoolId(id))).toEqual(id);
    }),
  );
});

test("the id of a volume or snapshot reads back as what it was made of", () => {
  const object = fc.oneof(
    name,
    fc.tuple(name, name).map(([volume, snapshot]) => snapshotName(volume, snapshot)),
  );
  fc.assert(
    fc.property(fc.record({ backend: name, pool: name, name: object }), (id) => {
      expect(parseObjectId(formatObjectId(id))).toEqual(id);
    }),
  );
});

test("what is read is what was written, for any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "/", "@", ".", "-", "A", "\n") }), (text) => {
      const id = parseObjectId(text);
      expect(id === undefined || formatObjectId(id) === text).toBe(true);
    }),
  );
});

test.each(["", "main", "main/", "/ssd", "main//ssd", "main/ssd/x", "main/../x", "MAIN/ssd", "main/ssd\n", "-rf/ssd"])(
  "%j is no pool id",
  (text) => {
    expect(parsePoolId(text)).toBeUndefined();
  },
);

test.each([
  "",
  "main/ssd",
  "main/ssd/",
  "main/ssd/a/b",
  "main/ssd/../x",
  "main/ssd/a@",
  "main/ssd/@a",
  "main/ssd/a@b@c",
  "main@x/ssd/a",
])("%j is no object id", (text) => {
  expect(parseObjectId(text)).toBeUndefined();
});

test("a volume id is no snapshot id, and the other way round", () => {
  expect([volumeIdText.safeParse("main/ssd/a").success, snapshotIdText.safeParse("main/ssd/a").success]).toEqual([
    true,
    false,
  ]);
  expect([volumeIdText.safeParse("main/ssd/a@b").success, snapshotIdText.safeParse("main/ssd/a@b").success]).toEqual([
    false,
    true,
  ]);
});

test.each([
  ["pool", poolIdText],
  ["volume", volumeIdText],
  ["snapshot", snapshotIdText],
])("a wrong %s id is refused with its form, short and printable", (_kind, schema) => {
  const message = schema.safeParse(`\u001b[31m${"x".repeat(500)}`).error?.issues[0]?.message ?? "";
  expect(message).toContain("<backend>/<pool>");
  expect(message).not.toMatch(/\p{C}/u);
  expect(message.length).toBeLessThan(250);
});

test.each(["", "abc", "G".repeat(32), "a".repeat(33), `${"a".repeat(31)}A`])("%j is no uid", (text) => {
  expect(uidText.safeParse(text).success).toBe(false);
});

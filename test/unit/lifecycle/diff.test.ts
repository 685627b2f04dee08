import fc from "fast-check";
import { lifecycles } from "../../../provider/lifecycle";
import type { Properties } from "../../../provider/lifecycle/lifecycle";
import { unknownValue } from "../../../provider/lifecycle/unknown";
import { type KindName, kinds } from "../../../provider/model/kinds";

const uid = "a".repeat(32);
const kindNames = Object.keys(kinds) as KindName[];
const state: Properties = {
  size: "1GiB",
  pool: "main/ssd",
  name: "data",
  uid,
  claim: "c",
  owner: "o",
  status: "ready",
};

function diff(newInputs: Properties, oldState: Properties = state, kind: KindName = "volume") {
  return lifecycles[kind].diff({ owner: "o", oldState, newInputs });
}
const same = { changed: [], replaces: [], deleteBeforeReplace: false };
const inputs = { size: "1GiB", pool: "main/ssd", name: "data" };

test("nothing changed is no diff", () => {
  expect(diff(inputs)).toEqual(same);
});

test("an equal size spelled differently is no diff", () => {
  expect(diff({ ...inputs, size: "1024MiB" })).toEqual(same);
});

test.each(["adopt", "allowDataLoss", "recreateIfMissing", "timeouts"])("%s alone is no diff", (key) => {
  expect(diff({ ...inputs, [key]: "e".repeat(32) })).toEqual(same);
});

test("another owner is one change in place", () => {
  expect(lifecycles.volume.diff({ owner: "renamed", oldState: state, newInputs: inputs })).toEqual({
    ...same,
    changed: ["owner"],
  });
});

test.each([
  ["size", "2GiB"],
  ["labels", { a: "b" }],
  ["deletionProtection", true],
])("%s changes in place", (key, value) => {
  expect(diff({ ...inputs, [key]: value })).toEqual({ ...same, changed: [key] });
});

test.each([
  ["pool", "main/hdd", false],
  ["name", "other", false],
  ["source", { volume: "main/ssd/x" }, true],
])(
  "%s replaces only with the permission that names the uid, and first deletes only where name and pool stay",
  (key, value, deleteFirst) => {
    const changed = { ...inputs, [key]: value };
    expect(diff(changed)).toEqual({ ...same, changed: [key] });
    expect(diff({ ...changed, allowDataLoss: "e".repeat(32) })).toEqual({ ...same, changed: [key] });
    expect(diff({ ...changed, allowDataLoss: uid })).toEqual({
      changed: [key],
      replaces: [key],
      deleteBeforeReplace: deleteFirst,
    });
  },
);

test("source and name changed together do not delete first", () => {
  const changed = { ...inputs, name: "other", source: { volume: "main/ssd/x" }, allowDataLoss: uid };
  expect(diff(changed)).toEqual({
    changed: ["name", "source"],
    replaces: ["name", "source"],
    deleteBeforeReplace: false,
  });
});

test("leaving a source out replaces nothing", () => {
  expect(diff({ ...inputs, allowDataLoss: uid }, { ...state, source: { volume: "main/ssd/x" } }).replaces).toEqual([]);
});

test("a pool is never replaced, whatever is allowed", () => {
  const pool = { backend: "main", name: "ssd", uid, owner: "o" };
  expect(diff({ backend: "cold", name: "hdd", allowDataLoss: uid }, pool, "pool")).toEqual({
    ...same,
    changed: ["backend", "name"],
  });
});

test("a pool's default backend spelled out is no diff", () => {
  expect(diff({ name: "ssd" }, { backend: "local", name: "ssd", uid, owner: "o" }, "pool")).toEqual(same);
});

test("what read has marked as lost makes update look", () => {
  expect(diff(inputs, { ...state, lost: `missing:${uid}` }).changed).toEqual(["lost"]);
});

test("the permission to make it anew makes update look, the wrong one does not", () => {
  expect(diff({ ...inputs, recreateIfMissing: uid }).changed).toEqual(["lost"]);
  expect(diff({ ...inputs, recreateIfMissing: "e".repeat(32) }).changed).toEqual([]);
});

const known = fc.record(
  {
    size: fc.constantFrom("1GiB", "2GiB", "x"),
    pool: fc.string(),
    name: fc.string(),
    labels: fc.dictionary(fc.string(), fc.string()),
    source: fc.dictionary(fc.string(), fc.string()),
  },
  { requiredKeys: [] },
);

test("a state against itself is no diff", () => {
  fc.assert(
    fc.property(fc.constantFrom(...kindNames), known, (kind, value) => {
      expect(diff(value, { ...value, uid, owner: "o" }, kind)).toEqual(same);
    }),
  );
});

test("the order of keys says nothing", () => {
  fc.assert(
    fc.property(known, (value) => {
      expect(diff(reversed(value), { ...value, uid, owner: "o" })).toEqual(same);
    }),
  );
});

test("an unknown may change, and never replaces", () => {
  fc.assert(
    fc.property(known, fc.constantFrom("pool", "name", "source", "size"), fc.boolean(), (value, key, deep) => {
      const unknown = deep ? { volume: unknownValue } : unknownValue;
      const result = diff({ ...value, [key]: unknown, allowDataLoss: uid }, { ...value, uid, owner: "o" });
      expect(result.replaces).toEqual([]);
      expect(result.changed).toEqual([key]);
    }),
  );
});

test("diff never throws, and replaces only with permission, whatever stands in state and inputs", () => {
  const anything = fc.dictionary(
    fc.oneof(
      fc.constantFrom(...Object.keys(kinds.volume.inputs), ...Object.keys(kinds.pool.inputs), "uid", "lost", "owner"),
      fc.string(),
    ),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.constantFrom(...kindNames), anything, anything, (kind, oldState, newInputs) => {
      const { changed, replaces } = diff(newInputs as Properties, oldState as Properties, kind);
      expect(replaces.every((key) => changed.includes(key))).toBe(true);
      // A class holds no data: another name is simply another class
      if (kind === "volumeClass") expect(replaces.every((key) => key === "name")).toBe(true);
      else expect(replaces.length === 0 || oldState.uid === newInputs.allowDataLoss).toBe(true);
    }),
  );
});

function reversed(value: Properties): Properties {
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    typeof inner === "object" && inner !== null ? reversed(inner as Properties) : inner,
  ]);
  return Object.fromEntries(entries.reverse());
}

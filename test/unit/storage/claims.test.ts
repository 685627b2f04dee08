import type { ObjectRecord } from "../../../provider/drivers/record";
import { decideTakeOver, healthProblem, type Wanted } from "../../../provider/storage/claims";
import { objectRecord, poolRecord, storedObject } from "../support/records";

const made = Date.UTC(2031, 0, 1, 12);
const minute = 60_000;
const uid = "a".repeat(32);
const other = "e".repeat(32);
const wanted: Wanted = { owner: "proj/dev/Volume/data", stackId: "s1", requested: { size: "1GiB" }, labels: {} };

interface Row {
  existing?: Partial<ObjectRecord>;
  wanted?: Partial<Wanted>;
  ageMs?: number;
}

function decide({ existing = {}, wanted: changes = {}, ageMs = minute }: Row) {
  const record = objectRecord({ stackId: "s1", ...existing });
  return decideTakeOver(record, { ...wanted, ...changes }, "main/ssd/data", made + ageMs);
}

test.each<[string, Row]>([
  ["the same stack", {}],
  ["the same stack id, however old", { ageMs: 365 * 24 * 60 * minute }],
  [
    "no stack id on either side, and less than an hour old",
    { existing: { stackId: undefined }, wanted: { stackId: undefined }, ageMs: 59 * minute },
  ],
  ["sizes that are spelled differently", { wanted: { requested: { size: "1024MiB" } } }],
  ["labels in another order", { existing: { labels: { a: "1", b: "2" } }, wanted: { labels: { b: "2", a: "1" } } }],
])("an interrupted run is resumed: %s", (_why, row) => {
  expect(decide(row)).toEqual({ how: "resumed" });
});

test.each<[string, Row, string]>([
  [
    "another owner",
    { existing: { owner: "proj/prod/Volume/data" } },
    "belongs to proj/prod/Volume/data since 2031-01-01T12:00:00.000Z",
  ],
  ["another stack id", { existing: { stackId: "s2" } }, "another stack of the same name, or an older state"],
  ["a stack id on one side only", { existing: { stackId: undefined } }, "another stack of the same name"],
  ["a stack id on the other side only", { wanted: { stackId: undefined } }, "another stack of the same name"],
  [
    "no stack ids and an hour old",
    { existing: { stackId: undefined }, wanted: { stackId: undefined }, ageMs: 60 * minute },
    "older state",
  ],
  [
    "no stack ids and no readable time",
    { existing: { stackId: undefined, createdAt: "?" }, wanted: { stackId: undefined } },
    "older state",
  ],
  ["another size", { wanted: { requested: { size: "2GiB" } } }, "was made with another size"],
  [
    "a source that was not there",
    { wanted: { requested: { size: "1GiB", source: { volume: "main/ssd/x" } } } },
    "was made with another source",
  ],
  ["other labels", { wanted: { labels: { a: "1" } } }, "was made with another labels"],
  ["a consumer", { existing: { consumers: [{ id: "vm/web", since: "2031-01-01" }] } }, "vm/web uses it"],
])("refused, saying whose it is and what to set: %s", (_why, row, sentence) => {
  const decision = decide(row);
  if (!("refused" in decision)) throw new Error("was taken over");
  expect(decision.refused).toContain(sentence);
  expect(decision.refused).toContain("main/ssd/data exists already");
  expect(decision.refused).toContain(`adopt: "${uid}"`);
});

test.each<[string, Row]>([
  ["another owner", { existing: { owner: "someone/else" } }],
  ["another stack", { existing: { stackId: "s2" } }],
  ["other inputs", { wanted: { requested: { size: "9GiB" } } }],
  ["a consumer", { existing: { consumers: [{ id: "vm", since: "" }] } }],
])("a permission that names the uid takes over in spite of %s", (_why, row) => {
  expect(decide({ ...row, wanted: { ...row.wanted, adopt: uid } })).toEqual({ how: "adopted" });
});

test("a permission for another object is inert, and the refusal says so", () => {
  expect(decide({ wanted: { adopt: other } })).toEqual({ how: "resumed" });
  expect(decide({ existing: { stackId: "s2" }, wanted: { adopt: other } })).toMatchObject({
    refused: expect.stringContaining(`adopt names "${other}", which is not this object`),
  });
});

test("pools follow the same rules", () => {
  const pool = poolRecord({ stackId: "s1", requested: { capacity: "1GiB" } });
  const same = { owner: pool.owner, stackId: "s1", requested: { capacity: "1024MiB" }, labels: {} };
  expect(decideTakeOver(pool, same, "pool main/ssd", made)).toEqual({ how: "resumed" });
  expect(decideTakeOver(pool, { ...same, requested: {} }, "pool main/ssd", made)).toMatchObject({
    refused: expect.stringContaining("another capacity"),
  });
});

test.each(["missing", "damaged", "copied"] as const)("what is %s takes part in nothing, and says why", (health) => {
  expect(healthProblem(storedObject({}, { health, problem: "its file has another inode" }), "main/ssd/data")).toBe(
    `main/ssd/data is ${health}: its file has another inode`,
  );
});

test("what is ready has no problem", () => {
  expect(healthProblem(storedObject(), "main/ssd/data")).toBeUndefined();
});

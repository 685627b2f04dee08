import { z } from "zod";
import { snapshotPolicy } from "../../../provider/model/snapshotPolicy";

const inputs = z.strictObject(snapshotPolicy.inputs);
const valid = { schedule: "@daily", retention: { keepDaily: 7 }, targets: ["main/ssd/pgdata"] };
const problems = (change: object) => {
  const read = inputs.safeParse({ ...valid, ...change });
  return read.success ? [] : read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
};

test("a policy needs a schedule, a retention and targets", () => {
  expect(problems({})).toEqual([]);
  expect(
    problems({
      timezone: "Europe/Vienna",
      keepAtLeast: 5,
      maxDeletes: 10,
      consistency: "each",
      hooks: ["freeze"],
      enabled: false,
    }),
  ).toEqual([]);
  expect(problems({ schedule: undefined, retention: undefined, targets: undefined })).toHaveLength(3);
});

test.each([
  [{ name: "a".repeat(33) }, "name: the name of a policy has at most 32 characters"],
  [{ schedule: "daily" }, 'schedule: "daily" is not a schedule'],
  [{ schedule: "0 0 31 2,4 *" }, 'schedule: "0 0 31 2,4 *" never runs'],
  [{ timezone: "Vienna" }, 'timezone: "Vienna" is not a time zone; did you mean "Europe/Vienna"?'],
  [{ retention: {} }, "retention: keeps nothing"],
  [{ retention: { keepLast: 0, keepWithin: "0d" } }, "retention: keeps nothing"],
  [{ retention: { keepDaily: "7" } }, "retention.keepDaily: expected a whole number"],
  [{ retention: { keepWithin: "7 days" } }, 'retention.keepWithin: "7 days" is not a span'],
  [{ keepAtLeast: 0 }, "keepAtLeast: at least 1"],
  [{ targets: ["main/ssd/a", "main/ssd/a"] }, "targets: a target is named twice"],
  [{ targets: ["main/ssd"] }, 'targets.0: "main/ssd" is not the id of a volume or share'],
  [{ hooks: ["rm -rf /"] }, "hooks.0:"],
  [{ consistency: "all" }, "consistency:"],
])("%j is refused at its path", (change, problem) => {
  expect(problems(change)[0]).toContain(problem);
});

test("no property is both an input and an output, and it permits only by naming a uid", () => {
  expect(Object.keys(snapshotPolicy.inputs).filter((key) => Object.hasOwn(snapshotPolicy.outputs, key))).toEqual([]);
  expect(problems({ adopt: true })).toHaveLength(1);
});

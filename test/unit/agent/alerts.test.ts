import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Metrics } from "../../../agent/metrics/metrics";
import { describeWith } from "../../support/requires";

const folder = join(__dirname, "../../../../agent/alerts");
const rules = "krstorage.rules.yaml";

describeWith({ needs: ["promtool"] }, "the alert rules", () => {
  it("are valid, and each comes when it should and not when it should not", () => {
    execFileSync("promtool", ["check", "rules", rules], { cwd: folder, stdio: "pipe" });
    execFileSync("promtool", ["test", "rules", "krstorage.rules.test.yaml"], { cwd: folder, stdio: "pipe" });
  });
});

describe("the alert rules", () => {
  it("ask only for metrics that the agent has", async () => {
    const text = await new Metrics(
      () => [],
      () => 0,
    ).text();
    const known = new Set([...text.matchAll(/^# TYPE (krstorage_\w+) /gm)].map(([, name]) => name));
    const asked = new Set(
      [...readFileSync(join(folder, rules), "utf8").matchAll(/\bkrstorage_\w+/g)].map(([name]) => name),
    );
    expect([...asked].filter((name) => !known.has(name))).toEqual([]);
    expect(asked.size).toBeGreaterThan(10);
  });
});

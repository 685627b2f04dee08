import { execFileSync } from "node:child_process";
import { resolve } from "node:path";

const testing = resolve(__dirname, "../../../provider/testing/index.js");

describe("describeDriverContract", () => {
  it("says what to do where there is no global describe", () => {
    const program = `
      const { describeDriverContract } = require(${JSON.stringify(testing)});
      try { describeDriverContract("acme", {}); } catch (error) { console.log(error.message); }`;
    expect(execFileSync(process.execPath, ["-e", program], { encoding: "utf8" })).toContain(
      "run contractCases(harness) yourself",
    );
  });
});

import { contractCases } from "./contract";
import type { Harness } from "./harness";

/** What jest, vitest and mocha have in common. Mocha has no third argument and ignores it. */
interface Runner {
  describe(name: string, body: () => void): void;
  it: {
    (name: string, run: () => Promise<void>, timeoutMs?: number): void;
    skip(name: string, run: () => Promise<void>): void;
  };
}

/** Declares the contract with the `describe` and `it` of the test runner. A case that cannot run is declared as skipped, with the reason. */
export function describeDriverContract(name: string, harness: Harness): void {
  const runner = globalThis as unknown as Partial<Runner>;
  const { describe, it } = runner;
  if (!describe || !it)
    throw new Error(
      "describeDriverContract needs global describe and it; with another runner, run contractCases(harness) yourself",
    );
  describe(`${name}: driver contract`, () => {
    for (const contractCase of contractCases(harness)) {
      if (contractCase.skip) it.skip(`${contractCase.name} (skipped: ${contractCase.skip})`, contractCase.run);
      else it(contractCase.name, contractCase.run, contractCase.timeoutMs);
    }
  });
}

import { AssertionError } from "node:assert";
import { KrStorageError } from "../../provider/model/errors";
import { contractCases } from "../../provider/testing";
import { brokenDrivers } from "./broken";
import { type MemoryHarnessOptions, memoryHarness } from "./harnesses/memory";

/** The names of the cases that a driver fails. A broken driver that merely crashes proves nothing about the suite. */
async function failuresOf(open?: MemoryHarnessOptions["open"]): Promise<string[]> {
  const failed: string[] = [];
  for (const contractCase of contractCases(memoryHarness({ manyObjects: 50, ...(open ? { open } : {}) }))) {
    try {
      await contractCase.run();
    } catch (error) {
      if (!(error instanceof AssertionError) && !KrStorageError.isInstance(error)) throw error;
      failed.push(contractCase.name);
    }
  }
  return failed;
}

describe("the contract finds out every driver that is broken on purpose", () => {
  it("and has nothing against the one that is not", async () => {
    expect(await failuresOf()).toEqual([]);
  });

  it.each(Object.entries(brokenDrivers).map(([name, { caughtBy }]) => ({ name, by: caughtBy.join('", "') })))(
    '$name: fails "$by"',
    async ({ name }) => {
      const broken = brokenDrivers[name];
      expect(await failuresOf(broken?.open)).toEqual(expect.arrayContaining(broken?.caughtBy ?? [""]));
    },
  );
});

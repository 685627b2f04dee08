import { contractCases, type Harness, testClock } from "../../../provider/testing";
import { memoryHarness } from "../../contract/harnesses/memory";

/** The memory backend without anything that a harness may leave out. */
function withoutHooks(): Harness {
  const { driverType, capabilities, clock, open, reopen, cleanup, writeBytes, readBytes } = memoryHarness();
  return {
    driverType,
    capabilities,
    clock,
    unitBytes: 16384,
    manyObjects: 20,
    open,
    reopen,
    cleanup,
    writeBytes,
    readBytes,
  };
}

describe("contractCases", () => {
  it("gives every case a name of its own", () => {
    const names = contractCases(memoryHarness()).map((contractCase) => contractCase.name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("skips nothing where the harness has every hook", () => {
    expect(contractCases(memoryHarness()).filter((contractCase) => contractCase.skip)).toEqual([]);
  });

  it("says of each skipped case which hook is missing, and runs all others", async () => {
    const cases = contractCases(withoutHooks());
    const reasons = new Set(cases.flatMap((contractCase) => contractCase.skip ?? []));
    expect([...reasons].sort()).toEqual(
      ["breakLists", "editRecord", "plantForeign", "putFile", "removeBehindBack", "swapBackend", "unmount", "use"].map(
        (hook) => `the harness has no "${hook}"`,
      ),
    );
    for (const contractCase of cases.filter(({ skip }) => !skip)) await contractCase.run();
  });

  it("proves a refusal instead of skipping what a backend cannot do", async () => {
    const claimed = contractCases(memoryHarness({ unsupported: ["grow"] })).filter(({ name }) =>
      name.endsWith("(no grow here: refused)"),
    );
    expect(claimed.length).toBeGreaterThan(5);
    // The memory driver can grow: a harness that says it cannot is found out
    for (const contractCase of claimed)
      await expect(contractCase.run()).rejects.toThrow("expected UNSUPPORTED, but it succeeded");
  });

  it("finds out a harness that claims other capabilities than the backend has", async () => {
    const harness = memoryHarness();
    const truth = contractCases({ ...harness, capabilities: { ...harness.capabilities, copyOnWrite: false } });
    const failed: string[] = [];
    for (const contractCase of truth) await contractCase.run().catch(() => failed.push(contractCase.name));
    expect(failed).toContain("pool: it says what it can do, and that is the truth");
  });

  it("cleans up after a case that fails", async () => {
    let cleaned = 0;
    const harness = memoryHarness();
    const failing: Harness = {
      ...harness,
      open: () => Promise.reject(new Error("no backend")),
      cleanup: async () => {
        cleaned += 1;
      },
    };
    await expect(contractCases(failing)[0]?.run()).rejects.toThrow("no backend");
    expect(cleaned).toBe(1);
  });
});

describe("testClock", () => {
  it("stands still until it is moved; a jump moves the wall clock alone", async () => {
    const clock = testClock();
    const [now, uptime] = [clock.now(), clock.uptime()];
    await clock.advance(1000);
    clock.jump(-5000);
    expect([clock.now() - now, clock.uptime() - uptime]).toEqual([-4000, 1000]);
    expect(clock.bootId()).toBe(testClock().bootId());
  });
});

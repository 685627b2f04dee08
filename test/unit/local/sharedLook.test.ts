import { SharedLook } from "../../../provider/drivers/local/sharedLook";

const tookMs = 20;

describe("a look that is shared", () => {
  let now: number;
  let looks: number;
  let shared: SharedLook<number>;
  beforeEach(() => {
    jest.useFakeTimers();
    now = 0;
    looks = 0;
    shared = new SharedLook(
      () => {
        now += tookMs;
        looks += 1;
        return looks;
      },
      () => now,
    );
  });
  afterEach(() => jest.useRealTimers());

  async function pass(ms: number): Promise<void> {
    now += ms;
    await jest.advanceTimersByTimeAsync(ms);
  }
  /** So many looks, one after the other, that the next one has to wait. */
  async function tire(): Promise<void> {
    for (let count = 0; count < 5; count += 1) {
      const look = shared.ask();
      await jest.runAllTimersAsync();
      await look;
    }
  }

  test("serves all who asked before it began, and nobody who asked afterwards", async () => {
    const first = [shared.ask(), shared.ask(), shared.ask()];
    expect(looks).toBe(0);
    await pass(0);
    expect(await Promise.all(first)).toEqual([1, 1, 1]);
    const later = shared.ask();
    await pass(0);
    expect(await later).toBe(2);
  });

  test("a few are at once; then one waits for others to join, and all of them get a new one", async () => {
    await tire();
    const before = looks;
    const alone = shared.ask();
    await pass(50);
    const joined = shared.ask();
    expect(looks).toBe(before);
    await pass(1000);
    expect(await Promise.all([alone, joined])).toEqual([before + 1, before + 1]);
  });

  test("many who ask together do not wait", async () => {
    await tire();
    const before = looks;
    const asked = Array.from({ length: 16 }, () => shared.ask());
    await pass(0);
    expect(await Promise.all(asked)).toEqual(asked.map(() => before + 1));
    expect(looks).toBe(before + 1);
  });

  test("after a rest it is at once again", async () => {
    await tire();
    await pass(10_000);
    const rested = shared.ask();
    await pass(0);
    expect(await rested).toBe(looks);
  });

  test("one that fails fails all who asked, and not the next", async () => {
    let isBroken = true;
    const fragile = new SharedLook(() => {
      if (isBroken) throw new Error("cannot look");
      return "seen";
    });
    const failed = Promise.allSettled([fragile.ask(), fragile.ask()]);
    await pass(0);
    expect(await failed).toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
    isBroken = false;
    const next = fragile.ask();
    await pass(0);
    expect(await next).toBe("seen");
  });
});

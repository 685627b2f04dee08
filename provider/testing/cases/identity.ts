import assert from "node:assert/strict";
import { newUid } from "../../drivers/record";
import type { ErrorCode } from "../../model/errors";
import { type Bench, call, poolInputs } from "../bench";
import type { CaseDefinition } from "../contractCase";
import type { Release } from "../harness";
import { assertRefused } from "../refusal";
import { assertSame } from "../same";
import { everyCall, type MethodCall, subjectIn } from "./everyCall";

/** Another pool, a missing one and an unmounted one are never taken for an empty one, whatever is called. */
export const identityCases: CaseDefinition[] = [
  ...everyCall.map(
    ([method, make]): CaseDefinition => ({
      name: `identity: ${method} with another identity than the pool's is PRECONDITION_FAILED and changes nothing`,
      async run(bench) {
        const subject = await subjectIn(bench);
        const before = [await bench.contents(), await bench.policies()];
        await assertRefused(
          make(bench.driver, { name: bench.ref.name, identity: newUid() }, subject, call()),
          "PRECONDITION_FAILED",
        );
        assertSame([await bench.contents(), await bench.policies()], before);
        assertSame((await bench.driver.readPool(bench.ref, call()))?.record, bench.pool.record);
        await bench.assertBytes(subject.volume, "kept");
      },
    }),
  ),
  ...everyCall.map(
    ([method, make]): CaseDefinition => ({
      name: `identity: ${method} of a pool whose storage is away is UNAVAILABLE, and all is there when it is back`,
      hooks: ["unmount"],
      run: (bench) => refusedWhile(bench, make, "UNAVAILABLE", () => bench.harness.unmount?.(bench.pool)),
    }),
  ),
  ...everyCall.map(
    ([method, make]): CaseDefinition => ({
      name: `identity: ${method} where another pool was put in its place is PRECONDITION_FAILED, and all is there when it is back`,
      hooks: ["swapBackend"],
      run: (bench) => refusedWhile(bench, make, "PRECONDITION_FAILED", () => bench.harness.swapBackend?.(bench.pool)),
    }),
  ),
  {
    name: "identity: a pool that is away is still missed by a driver opened meanwhile",
    hooks: ["unmount"],
    async run(bench) {
      await bench.stampedVolume("data", "kept");
      const release = await bench.harness.unmount?.(bench.pool);
      const late = await bench.another();
      await assertRefused(late.list(bench.ref, call()), "UNAVAILABLE");
      await release?.();
      assert.equal((await bench.contents(bench.ref, late)).length, 1);
    },
  },
  {
    name: "identity: list and create in a pool that was never made are refused, and make nothing",
    async run(bench) {
      const { name } = poolInputs({});
      await assertRefused(bench.driver.list({ name }, call()), "UNAVAILABLE", "NOT_FOUND");
      await assertRefused(
        bench.driver.create({ name }, bench.volumeInputs("data"), call()),
        "UNAVAILABLE",
        "NOT_FOUND",
      );
      assert.equal(await bench.driver.readPool({ name }, call()), undefined);
    },
  },
];

async function refusedWhile(
  bench: Bench,
  make: MethodCall,
  code: ErrorCode,
  begin: () => Promise<Release> | undefined,
): Promise<void> {
  const subject = await subjectIn(bench);
  const before = [await bench.contents(), await bench.policies()];
  const release = await begin();
  try {
    await assertRefused(make(bench.driver, bench.ref, subject, call()), code);
  } finally {
    await release?.();
  }
  assertSame([await bench.contents(), await bench.policies()], before);
  await bench.assertBytes(subject.volume, "kept");
}

import { createHash } from "node:crypto";
import type { StoredObject } from "../../../provider/drivers/driver";
import { type Bench, openBench } from "../../../provider/testing/bench";
import type { cephHarness } from "../../contract/harnesses/ceph";

/** Gives each test of this block a bench of its own, and ends what it has made in the cluster within `cleanUpMs`. */
export function withBench(
  harness: ReturnType<typeof cephHarness>,
  cleanUpMs: number,
  take: (bench: Bench) => void,
): void {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench(harness);
    take(bench);
  }, 30_000);
  afterEach(async () => {
    await bench.close();
    await harness.cleanup();
  }, cleanUpMs);
  afterAll(() => harness.user.close());
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Where a volume's image is. */
export function imageOf({ connection }: StoredObject): { type: "rbd"; pool: string; image: string } {
  return connection as { type: "rbd"; pool: string; image: string };
}

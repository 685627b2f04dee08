import { newUid } from "../drivers/record";
import { type Bench, call, hourMs, matchOf } from "./bench";
import { type Feature, supports } from "./harness";
import { assertRefused } from "./refusal";
import { assertSame } from "./same";

/** What a backend cannot do is refused as UNSUPPORTED, and changes nothing: the other half of every case that needs it. */
export async function assertUnsupported(bench: Bench, feature: Feature): Promise<void> {
  const volume = await bench.stampedVolume("data", "kept");
  const source = supports(bench.harness, "snapshot") ? await bench.snapshot(volume, "one") : undefined;
  const share = feature === "shareSnapshot" ? await bench.share("files") : undefined;
  const before = await bench.contents();
  const attempts: Record<Feature, () => Promise<unknown>> = {
    snapshot: () => bench.snapshot(volume, "nightly"),
    clone: () => bench.clone(source ?? volume, "copy"),
    rollback: () => bench.driver.rollback(bench.ref, matchOf(volume), source?.record.uid ?? newUid(), call()),
    grow: () => bench.driver.grow(bench.ref, matchOf(volume), 2 * bench.unit, call()),
    trash: () => bench.driver.trash(bench.ref, matchOf(source ?? volume), hourMs, call()),
    share: () => bench.share("more"),
    image: () => bench.volume("taken", { image: { path: "/absent.raw", format: "raw" } }),
    shareSnapshot: () => bench.snapshot(share ?? volume, "nightly"),
  };
  await assertRefused(attempts[feature](), "UNSUPPORTED");
  if (share) await assertRefused(bench.share("copy", { sourceUid: share.record.uid }), "UNSUPPORTED");
  assertSame(await bench.contents(), before);
  await bench.assertBytes(volume, "kept");
}

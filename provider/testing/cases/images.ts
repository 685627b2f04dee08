import assert from "node:assert/strict";
import type { Image } from "../../model/image";
import { type Bench, call } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused } from "../refusal";
import { assertSame } from "../same";

/** A file of one unit that begins as another format's would: nothing may look at what it holds. */
async function putImage(bench: Bench): Promise<{ image: Image; bytes: Buffer }> {
  const bytes = Buffer.alloc(bench.unit, 7);
  bytes.write("QFI\xfb", 0, "latin1");
  const image = await bench.harness.putImage?.(bytes);
  assert.ok(image);
  return { image, bytes };
}

export const imageCases: CaseDefinition[] = [
  {
    name: "image: a volume made from a file has its bytes and then zeros, and the file stays as it is",
    needs: ["image"],
    hooks: ["putImage"],
    async run(bench) {
      const { image, bytes } = await putImage(bench);
      assertSame(await bench.driver.inspectImage(bench.ref, image, call()), { sizeBytes: bench.unit });
      const volume = await bench.volume("taken", { image, sizeBytes: 2 * bench.unit });
      assert.deepEqual(Buffer.from(await bench.harness.readBytes(volume, 0, bench.unit)), bytes);
      await bench.assertZeros(volume, 2 * bench.unit - 4096);
      await bench.stamp(volume, "of the volume");
      const again = await bench.volume("again", { image, sizeBytes: bench.unit });
      assert.deepEqual(Buffer.from(await bench.harness.readBytes(again, 0, bench.unit)), bytes);
      assert.equal(again.record.sourceUid, undefined);
    },
  },
  {
    name: "image: what is absent, or larger than the volume, is refused, and nothing is made",
    needs: ["image"],
    hooks: ["putImage"],
    async run(bench) {
      const { image } = await putImage(bench);
      const before = await bench.contents();
      const absent: Image = { ...image, path: `${image.path}.absent` };
      await assertRefused(bench.driver.inspectImage(bench.ref, absent, call()), "NOT_FOUND");
      await assertRefused(bench.volume("taken", { image: absent, sizeBytes: bench.unit }), "NOT_FOUND");
      await assertRefused(bench.volume("taken", { image, sizeBytes: bench.unit / 2 }), "INVALID_ARGUMENT");
      await assertRefused(bench.share("tree", { image, sizeBytes: bench.unit }), "INVALID_ARGUMENT", "UNSUPPORTED");
      assertSame(await bench.contents(), before);
    },
  },
  {
    name: "image: a file that someone writes to is not copied, since the copy would be torn",
    needs: ["image"],
    hooks: ["putImage", "useImage"],
    async run(bench) {
      const { image } = await putImage(bench);
      const release = await bench.harness.useImage?.(image);
      try {
        await assertRefused(bench.driver.inspectImage(bench.ref, image, call()), "IN_USE");
        await assertRefused(bench.volume("taken", { image, sizeBytes: bench.unit }), "IN_USE");
      } finally {
        await release?.();
      }
      await bench.volume("taken", { image, sizeBytes: bench.unit });
    },
  },
];

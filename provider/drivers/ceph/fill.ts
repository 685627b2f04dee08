import type { Image } from "../../model/image";
import type { Call } from "../driver";
import { copyImageFile } from "../imageFile";
import { throwIfCancelled } from "../local/errors";
import type { ReadEntry } from "./entry";
import { renewLease } from "./lease";
import { nameOf } from "./matching";
import type { OpenPool } from "./openPool";

/** How much of a file goes with one request. Between two the copy can be cancelled, says how far it is, and has its lease renewed. */
const partBytes = 32 * 2 ** 20;

/** Copies a file of this machine into the new, empty image of an object. Half a copy is never published: it is undone with its object. */
export async function fillFromFile(
  pool: OpenPool,
  entry: ReadEntry,
  imageId: string,
  { image, call }: { image: Image; call: Call },
): Promise<void> {
  const what = nameOf(pool, entry);
  const { sizeBytes } = entry.record;
  await copyImageFile(image, { sizeBytes, what, call }, async ({ descriptor, stats: { size: totalBytes } }) => {
    // The worker is another process: it opens what we have open, and not what the path leads to by then
    const file = `/proc/${process.pid}/fd/${descriptor}`;
    for (let offset = 0; offset < totalBytes; offset += partBytes) {
      throwIfCancelled(call.signal, "making", what);
      await renewLease(pool, entry.uid, what);
      const length = Math.min(partBytes, totalBytes - offset);
      await pool.site.cluster.writeFile(pool.id, imageId, { file, offset, length });
      call.progress?.({ doneBytes: offset + length, totalBytes });
    }
  });
}

import { lstatSync } from "node:fs";
import { KrStorageError } from "../../model/errors";
import type { Image } from "../../model/image";
import type { Call } from "../driver";
import { copyImageFile } from "../imageFile";
import { copyDisk } from "./copyDisk";

/** Copies a file that is not ours into a new disk, and makes sure that the copy is whole and of one moment. */
export async function copyImage(
  image: Image,
  target: string,
  request: { sizeBytes: number; what: string; call: Call },
): Promise<void> {
  const { signal, progress } = request.call;
  await copyImageFile(image, request, async ({ descriptor: source, stats }) => {
    // On another file system blocks cannot be shared, whatever ours can
    await copyDisk({ source, sourcePath: image.path, target, mustShare: false, signal, progress });
    if (lstatSync(target).size < stats.size)
      throw new KrStorageError(
        "INTERNAL",
        `${request.what}: the copy of ${image.path} is not whole; it was discarded`,
        {
          target: request.what,
        },
      );
  });
}

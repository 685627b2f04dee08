import type { FsckOptions } from "../driver";
import { localCapabilities } from "./capabilities";
import { refreshMarker } from "./changePool";
import { canShareBlocks } from "./copyDisk";
import { type Check, report } from "./findings";
import type { OpenPool } from "./openPool";

/**
 * A pool's folder that was copied: it is only taken for the original when its identity is named, since the original may still be
 * in use elsewhere. False if it was not accepted.
 */
export async function acceptCopy(pool: OpenPool, options: FsckOptions, check: Check): Promise<boolean> {
  const message = `the pool's folder is a copy of the one with identity ${pool.identity}`;
  const isAccepted = check.repair && options.acceptCopied === pool.identity;
  if (!isAccepted) {
    await report(
      check,
      pool.paths.root,
      `${message}; if it is to be taken for the original, run fsck with repair and accept that identity`,
    );
    return false;
  }
  await pool.use(() =>
    report(check, pool.paths.root, message, async () => {
      // The copy may be on another file system than the original
      const sharesBlocks = await canShareBlocks(pool.paths.staging, check.call.signal);
      await pool.database.write(() => {
        const transaction = pool.transaction(check.call);
        const { capabilities } = transaction.pool;
        const next = {
          ...transaction.pool,
          capabilities: { ...capabilities, ...localCapabilities(sharesBlocks) },
          revision: transaction.pool.revision + 1,
        };
        transaction.savePool(next);
        transaction.audit("accept-copied", next, transaction.pool, next);
      });
      await refreshMarker(pool);
    }),
  );
  return true;
}

import { hasCode, KrStorageError, messageOf } from "../../provider/model/errors";
import type { Kept } from "../../provider/retention";
import type { BackendPort } from "./backendPort";
import type { PoolLook } from "./look";
import type { RunOptions } from "./options";
import type { OwnSnapshot } from "./ownSnapshots";
import type { PrunePlan } from "./prunePlan";
import type { Prune } from "./report";

/**
 * Carries a plan out: into the trash of the pool, from where purging ends it, or `undelete` brings it back. What has come under
 * protection or into use since is left, and is no failure.
 */
export async function carryOut(
  port: BackendPort,
  look: PoolLook,
  plan: PrunePlan,
  own: readonly OwnSnapshot[],
  options: RunOptions,
): Promise<Prune> {
  const removed: string[] = [];
  const left: Kept[] = [];
  const ended = (action: Prune["action"], more: Partial<Prune> = {}): Prune => ({
    ...plan,
    action,
    keep: [...plan.keep, ...left],
    removed,
    ...more,
  });
  for (const { id } of plan.remove) {
    const snapshot = own.find(({ object }) => object.record.uid === id);
    if (!snapshot) continue;
    if (options.isStopping?.()) return ended("stopped", { reason: "the agent was told to stop" });
    try {
      await options.pace?.turn();
      await removeOne(port, look, snapshot, options);
      removed.push(id);
    } catch (error) {
      // What is held now, and what somebody has taken over, is not ours to remove
      if (!hasCode(error, "IN_USE", "PRECONDITION_FAILED", "CONFLICT"))
        return ended("failed", {
          reason: messageOf(error),
          code: KrStorageError.isInstance(error) ? error.code : "INTERNAL",
        });
      left.push({ id, reasons: [messageOf(error)] });
    }
  }
  return ended("pruned");
}

async function removeOne(
  port: BackendPort,
  look: PoolLook,
  { object }: OwnSnapshot,
  { signal }: RunOptions,
): Promise<void> {
  const { identity, settings } = look.listing.pool.record;
  await port.write(signal, (driver, call) =>
    driver.trash({ name: look.pool, identity }, object, settings.trashRetentionMs, call),
  );
}

import type { StoredObject } from "../../provider/drivers/driver";
import { newClaim, newUid } from "../../provider/drivers/record";
import { hasCode, KrStorageError, messageOf } from "../../provider/model/errors";
import { snapshotName } from "../../provider/model/names";
import type { BackendPort } from "./backendPort";
import type { PoolLook } from "./look";
import type { RunOptions } from "./options";
import { ownerOf, snapshotNameOf } from "./ownSnapshots";
import type { Take } from "./report";
import type { Acting } from "./targets";

/** A slot of one target that is to be taken now. */
export interface Wanted {
  readonly acting: Acting;
  readonly slot: string;
}

export interface Taken {
  readonly take: Take;
  readonly object?: StoredObject;
  /** It may be there all the same: another agent's, or ours with its reply lost. Looking again tells. */
  readonly isUncertain?: boolean;
}

/**
 * Takes the snapshot of a slot. The backend makes a name only once, so however many agents try, there is one. Never throws: a target's
 * failure is its own.
 */
export async function takeSnapshot(
  port: BackendPort,
  look: PoolLook,
  { acting, slot }: Wanted,
  options: RunOptions,
): Promise<Taken> {
  const { policy, target, id } = acting;
  const name = snapshotNameOf(policy, slot);
  try {
    const object = await port.write(options.signal, async (driver, call) => {
      if (options.isStopping?.()) return undefined;
      return driver.create(
        { name: look.pool, identity: look.listing.pool.record.identity },
        {
          kind: "snapshot",
          name: snapshotName(target.record.name, name),
          uid: newUid(),
          claim: newClaim(),
          owner: ownerOf(policy.uid),
          requested: { source: id },
          labels: {},
          protection: false,
          sourceUid: target.record.uid,
          // The same for all targets of a slot, and for every agent that might take some of them
          taken: { policy: policy.uid, slot, group: `${policy.uid}-${slot}` },
        },
        call,
      );
    });
    return object
      ? { take: { action: "taken", slot, name }, object }
      : { take: { action: "stopped", slot, name, reason: "the agent was told to stop" } };
  } catch (error) {
    return notTaken(error, slot, name);
  }
}

function notTaken(error: unknown, slot: string, name: string): Taken {
  const code = KrStorageError.isInstance(error) ? error.code : "INTERNAL";
  const isUncertain =
    hasCode(error, "ALREADY_EXISTS", "CONFLICT") ||
    !KrStorageError.isInstance(error) ||
    error.outcome !== "not-applied";
  return { take: { action: "failed", slot, name, reason: messageOf(error), code }, isUncertain };
}

import { hasCode, KrStorageError, messageOf } from "../model/errors";
import { formatPoolId, type PoolId } from "../model/names";
import { anyOf, deadlineIn } from "../storage/deadline";
import { maxLookAgeMs } from "../storage/looks";
import { readPool } from "../storage/pools";
import type { PoolView } from "../storage/poolView";
import type { Context } from "./lifecycle";
import { awaySentence } from "./sentences";

/** A look is advice, so it does not wait long. */
const lookTimeoutMs = 15_000;

export function lookSignal(context: Context): AbortSignal {
  return anyOf(context.signal, deadlineIn(lookTimeoutMs));
}

/** What a look at a pool gave: the pool, nothing (not reachable, or not made yet), or a reason to refuse. */
export type LookResult = { view: PoolView | undefined } | { failure: string };

/**
 * What a state knows of a pool that is looked at: `held`, that something of the resource is in it; `changed`, nothing, but the resource is
 * there; `new`, nothing of either. A pool that is not there is then one to mount, perhaps one that is just being made, or a mistake.
 */
export type Acquaintance = "held" | "changed" | "new";

/** Looks at the pool that a resource is in, or is to be made in. */
export async function lookAt(id: PoolId, acquaintance: Acquaintance, context: Context): Promise<LookResult> {
  const { storage, plan, log } = context;
  const poolId = formatPoolId(id);
  const signal = lookSignal(context);
  try {
    return { view: await storage.view(id, { maxAgeMs: maxLookAgeMs, signal }) };
  } catch (error) {
    if (hasCode(error, "INVALID_ARGUMENT")) return { failure: error.message }; // no such backend
    if (plan.pool(poolId)) return { view: undefined };
    if (acquaintance !== "changed" && (await isNotThere(id, context, signal))) {
      const absent = `there is no pool ${poolId}; declare it in this stack and pass the Pool itself (a literal id does not wait for it), or mount its disk`;
      return { failure: acquaintance === "held" ? awaySentence(poolId) : absent };
    }
    if (hasCode(error, "PRECONDITION_FAILED")) return { failure: error.message };
    if (KrStorageError.isInstance(error) && !hasCode(error, "INTERNAL", "PROTOCOL")) {
      log.warn(`pool ${poolId} could not be looked at, so this preview promises less: ${messageOf(error)}`);
      return { view: undefined };
    }
    throw error;
  }
}

/** Whether the backend, which is there, has no such pool. */
async function isNotThere(id: PoolId, { storage }: Context, signal: AbortSignal): Promise<boolean> {
  return readPool(storage, id, undefined, signal).then(
    (pool) => pool === undefined,
    () => false,
  );
}

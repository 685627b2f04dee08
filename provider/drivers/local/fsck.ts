import { KrStorageError } from "../../model/errors";
import type { Call, Finding, FsckOptions, PoolRef } from "../driver";
import { acceptCopy } from "./fsckCopied";
import { checkFiles } from "./fsckFiles";
import { checkFolder } from "./fsckFolder";
import { checkOpened } from "./fsckOpened";
import { checkRows } from "./fsckRows";
import type { Pools } from "./pools";

/** What the parts of a check share. */
export interface Check {
  call: Call;
  repair: boolean;
  findings: Finding[];
}

/**
 * Tells a deviation, and mends it when asked to. What mends it throws where it cannot be mended; then that is the finding, and the
 * check goes on.
 */
export async function report(
  check: Check,
  object: string,
  message: string,
  mend?: () => void | Promise<void>,
): Promise<void> {
  if (!check.repair || !mend) {
    check.findings.push({ object, message, repaired: false });
    return;
  }
  try {
    await mend();
    check.findings.push({ object, message, repaired: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    check.findings.push({ object, message: `${message}; it could not be mended: ${reason}`, repaired: false });
  }
}

/**
 * Checks a pool from its marker down to each disk. Repair never deletes published data: what cannot be told apart is kept, in the
 * trash without an end if need be.
 */
export async function checkPool(pools: Pools, ref: PoolRef, options: FsckOptions, call: Call): Promise<Finding[]> {
  const check: Check = { call, repair: options.repair, findings: [] };
  if (!(await checkFolder(pools, ref, check))) return check.findings;
  const pool = pools.require(ref);
  if (pool.isCopied) {
    if (!(await acceptCopy(pool, options, check))) return check.findings;
    pools.forget(ref.name); // it is opened anew as what it is now
    return checkRest(pools, ref, options, check);
  }
  return checkRest(pools, ref, options, check);
}

async function checkRest(pools: Pools, ref: PoolRef, options: FsckOptions, check: Check): Promise<Finding[]> {
  const pool = pools.require(ref);
  if (options.acceptCopied !== undefined && options.acceptCopied !== pool.identity) {
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `pool ${pool.where} has identity ${pool.identity}, so ${options.acceptCopied} cannot be accepted for it`,
      {
        target: pool.where,
      },
    );
  }
  await pool.use(async () => {
    await checkOpened(pool, check);
    await checkRows(pool, options, check);
    await checkFiles(pool, check);
  });
  return check.findings;
}

import { KrStorageError } from "../../model/errors";
import type { Call, Finding, FsckOptions, PoolRef } from "../driver";
import type { Check } from "./findings";
import { acceptCopy } from "./fsckCopied";
import { checkFiles } from "./fsckFiles";
import { checkFolder } from "./fsckFolder";
import { checkOpened } from "./fsckOpened";
import { checkPolicies } from "./fsckPolicies";
import { checkRows } from "./fsckRows";
import type { Pools } from "./pools";

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
    await checkPolicies(pool, check);
    await checkFiles(pool, check);
  });
  return check.findings;
}

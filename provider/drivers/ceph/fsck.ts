import { messageOf } from "../../model/errors";
import type { Call, Finding, FsckOptions } from "../driver";
import { allEntries, damagedEntries, leftovers, type ReadEntry } from "./entry";
import { checkCopy } from "./fsckCopy";
import { enforceLimits, isLimited } from "./limits";
import type { OpenPool } from "./openPool";
import { removeLeftovers } from "./purge";
import { rollbackObject } from "./rollback";
import { checkShare, checkShareCapability, checkStrayShares } from "./shareFsck";
import { problemOf, seeAll } from "./stored";
import { isAbandoned, undoCreation } from "./undo";

/** Compares the table with the cluster. A repair finishes what was interrupted; it removes nothing that was ever published. */
export async function checkPool(pool: OpenPool, { repair }: FsckOptions, call: Call): Promise<Finding[]> {
  const { cluster } = pool.site;
  const findings = await checkCopy(pool, repair);
  const [now, read] = await Promise.all([
    pool.now(),
    pool.table.read((transaction) => ({
      entries: allEntries(transaction),
      damaged: damagedEntries(transaction),
      leftovers: transaction.keys(leftovers).map((key) => key.slice(leftovers.length)),
    })),
  ]);
  const known = new Set(findings.map(({ object }) => object));
  for (const { uid, problem } of read.damaged)
    if (!known.has(uid)) findings.push({ object: uid, message: problem, repaired: false });
  const seen = await seeAll(pool, read.entries);
  for (const each of read.entries) {
    const { uid, name, phase, image } = each;
    if (isAbandoned(each, now)) {
      const repaired = repair && (await undoCreation(pool, uid, call));
      findings.push({ object: uid, message: `making "${name}" was interrupted`, repaired });
      continue;
    }
    if (phase === "purging" && each.leaseUntil === undefined) {
      findings.push({ object: uid, message: `ending "${name}" was interrupted; purge it again`, repaired: false });
      continue;
    }
    const wrong = problemOf(each, seen);
    if (!wrong && each.record && phase === "live" && each.kind === "volume") {
      const volume = { ...each, record: each.record };
      if (isLimited(volume, seen)) continue;
      if (repair) await enforceLimits(pool, volume);
      const message = `"${name}": its image is not held to the limits in its record`;
      findings.push({ object: uid, message, repaired: repair });
      continue;
    }
    if (!wrong) {
      if (each.record)
        findings.push(...(await checkShare(pool, { ...each, record: each.record }, seen.shares, repair)));
      continue;
    }
    if (each.record && each.rollingBackTo !== undefined && phase === "live") {
      findings.push(await checkRollback(pool, { ...each, record: each.record }, repair, call));
      continue;
    }
    const isInTrash =
      image.id !== undefined && phase === "live" && each.kind === "volume" && seen.trash.includes(image.id);
    const repaired =
      repair && isInTrash && image.id !== undefined && (await cluster.restoreFromTrash(pool.id, image.id, image.name));
    findings.push({ object: uid, message: `"${name}": ${wrong.problem}`, repaired });
  }
  findings.push(...(await checkStrayShares(pool, repair)), ...(await checkShareCapability(pool, repair)));
  if (repair && read.leftovers.length > 0) await removeLeftovers(pool);
  return findings;
}

/** One that was interrupted is finished; one that is under way has the image open, and is left alone. */
async function checkRollback(pool: OpenPool, found: ReadEntry, repair: boolean, call: Call): Promise<Finding> {
  const { uid, name, rollingBackTo, record } = found;
  const message = `rolling "${name}" back to snapshot ${rollingBackTo} was interrupted`;
  if (!repair || rollingBackTo === undefined) return { object: uid, message, repaired: false };
  try {
    await rollbackObject(pool, { uid, claim: record.claim }, rollingBackTo, call);
    return { object: uid, message, repaired: true };
  } catch (error) {
    return { object: uid, message: `${message}; it cannot be mended now: ${messageOf(error)}`, repaired: false };
  }
}

import { messageOf } from "../../model/errors";
import type { Call, Finding, FsckOptions } from "../driver";
import { allEntries, damagedEntries, type Entry } from "./entry";
import { checkCopy } from "./fsckCopy";
import { checkStrays } from "./fsckStrays";
import { settleGate } from "./gate";
import { checkLeftovers, removeLeftovers } from "./leftovers";
import { enforceLimits, isLimited } from "./limits";
import type { OpenPool } from "./openPool";
import { rollbackObject } from "./rollback";
import { checkShare, checkShareCapability, checkStrayShares } from "./shareFsck";
import { isTakenOut, problemOf, type Seen, seeAll } from "./stored";
import { isAbandoned, undoCreation } from "./undo";

/** Compares the table with the cluster. A repair finishes what was interrupted; it removes nothing that was ever published. */
export async function checkPool(pool: OpenPool, { repair }: FsckOptions, call: Call): Promise<Finding[]> {
  const findings = await checkCopy(pool, repair);
  const [now, read] = await Promise.all([
    pool.now(),
    pool.table.read((transaction) => ({
      entries: allEntries(transaction),
      damaged: damagedEntries(transaction),
    })),
  ]);
  const known = new Set(findings.map(({ object }) => object));
  for (const { uid, problem } of read.damaged)
    if (!known.has(uid)) findings.push({ object: uid, message: problem, repaired: false });
  const seen = await seeAll(pool, read.entries);
  for (const each of read.entries) findings.push(...(await checkEntry(pool, each, { seen, now, repair, call })));
  // What a record is lost of has been told
  findings.push(...(await checkStrays(pool, repair, call)).filter((each) => each.repaired || !known.has(each.object)));
  findings.push(...(await checkStrayShares(pool, repair)), ...(await checkShareCapability(pool, repair)));
  const taken = await checkLeftovers(pool, repair);
  const kept = repair ? await removeLeftovers(pool) : [];
  const told = new Set(taken.map(({ object }) => object));
  const untold = kept.filter(({ id }) => !told.has(id));
  return [
    ...findings,
    ...taken,
    ...untold.map(({ id, problem }) => ({ object: id, message: problem, repaired: false })),
  ];
}

interface Look {
  seen: Seen;
  now: number;
  repair: boolean;
  call: Call;
}

async function checkEntry(pool: OpenPool, found: Entry, { seen, now, repair, call }: Look): Promise<Finding[]> {
  const { uid, name, phase, record } = found;
  const report = async (message: string, mend: () => Promise<boolean>) => [await mended(uid, message, repair, mend)];
  if (isAbandoned(found, now)) return report(`making "${name}" was interrupted`, () => undoCreation(pool, uid, call));
  if (phase === "purging" && found.leaseUntil === undefined)
    return [{ object: uid, message: `ending "${name}" was interrupted; purge it again`, repaired: false }];
  const { rollingBackTo } = found;
  if (record && rollingBackTo !== undefined && phase === "live")
    // One that is under way has the image open, and is left alone
    return report(`rolling "${name}" back to snapshot ${rollingBackTo} was interrupted`, async () => {
      await rollbackObject(pool, { uid, claim: record.claim }, rollingBackTo, call);
      return true;
    });
  const wrong = problemOf(found, seen);
  if (wrong) return report(`"${name}": ${wrong.problem}`, () => putInPlace(pool, found, seen));
  if (!record) return [];
  const readable = { ...found, record };
  if (phase === "live" && found.kind === "volume" && !isLimited(readable, seen))
    return report(`"${name}": its image is not held to the limits in its record`, async () => {
      await enforceLimits(pool, readable);
      return true;
    });
  return checkShare(pool, readable, seen.shares, repair);
}

/** A live volume out of the cluster's trash, a deleted one into it. False where that is not what is wrong. */
async function putInPlace(pool: OpenPool, found: Entry, seen: Seen): Promise<boolean> {
  const { id } = found.image;
  if (found.kind !== "volume" || id === undefined) return false;
  const isMisplaced = found.phase === "live" ? seen.trash.includes(id) : isTakenOut(found, seen);
  return isMisplaced && settleGate(pool, found.uid);
}

/** What cannot be mended keeps nothing else from being mended. */
async function mended(
  object: string,
  message: string,
  repair: boolean,
  mend: () => Promise<boolean>,
): Promise<Finding> {
  if (!repair) return { object, message, repaired: false };
  try {
    return { object, message, repaired: await mend() };
  } catch (error) {
    return { object, message: `${message}; it cannot be mended now: ${messageOf(error)}`, repaired: false };
  }
}

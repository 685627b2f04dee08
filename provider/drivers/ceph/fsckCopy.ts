import { setTimeout as sleep } from "node:timers/promises";
import type { Finding } from "../driver";
import { policyRecord, poolRecord } from "../record";
import { findEntry, goneKey, nameKey, objectKey, objects, parseEntry, policies, poolKey } from "./entry";
import type { OpenPool } from "./openPool";
import { copiedTexts } from "./secondCopy";
import { carrierOf } from "./stored";
import { parseText, type Table, type Transaction } from "./table";

/** A commit of somebody else and its copy are not one step: what differs for longer than this has fallen behind. */
const copyingMs = 1_000;

type Texts = ReadonlyMap<string, string>;

/** What the table has lost, or cannot read any more, and the second copy still has; and what the copy does not say as the table does. */
interface Differences {
  /** Keys whose value in the copy belongs into the table. */
  lost: string[];
  /** Keys that differ, and are right in the table. */
  behind: string[];
}

/** The second copy, or undefined where there is none that was begun with everything. */
export async function readSecondCopy({ pool, cluster }: Pick<Table, "pool" | "cluster">): Promise<Texts | undefined> {
  const copy = new Map(await cluster.readCopy(pool));
  return copy.delete("whole") ? copy : undefined;
}

/** Compares the table with its second copy. A repair puts back what was lost, and brings the copy up to the table. */
export async function checkCopy(pool: OpenPool, repair: boolean): Promise<Finding[]> {
  const { table } = pool;
  const about = (message: string, repaired: boolean): Finding => ({ object: pool.where, message, repaired });
  // The copy first: what is in it has been in the table before
  const copy = await readSecondCopy(table);
  if (!copy) {
    if (repair) await table.copy.keep(await table.read(copiedTexts));
    return [about("there is no second copy of its records", repair)];
  }
  const { lost, behind } = await differences(pool, copy);
  const findings: Finding[] = [];
  for (const key of lost) findings.push(await restoreKey(pool, key, copy.get(key) as string, repair));
  if (behind.length === 0) return findings;
  await sleep(copyingMs);
  const later = await readSecondCopy(table);
  const stale = later && new Set((await differences(pool, later)).behind);
  const still = behind.filter((key) => !stale || (stale.has(key) && later.get(key) === copy.get(key)));
  if (still.length === 0) return findings;
  if (repair) await table.copy.keep(await table.read((transaction) => transaction.texts(still)));
  findings.push(about(`the second copy of its records has fallen behind in ${still.length} of them`, repair));
  return findings;
}

function differences(pool: OpenPool, copy: Texts): Promise<Differences> {
  return pool.table.read((transaction) => {
    const { identity } = pool.header(transaction);
    const table = copiedTexts(transaction);
    const keys = [...new Set([...table.keys(), ...copy.keys()])].filter((key) => table.get(key) !== copy.get(key));
    const lost = keys.filter((key) => copy.has(key) && isLost(transaction, key) && isUsable(identity, key, copy));
    return { lost, behind: keys.filter((key) => !lost.includes(key) && !isUnreadable(transaction, key)).sort() };
  });
}

/** Not there although nobody has removed it, or there and not to be read. Of objects a removed one is known as that, of policies none is. */
function isLost(transaction: Transaction, key: string): boolean {
  if (transaction.has(key)) return isUnreadable(transaction, key);
  if (key.startsWith(objects)) return !transaction.has(goneKey(key.slice(objects.length)));
  return key.startsWith(goneKey(""));
}

function isUnreadable(transaction: Transaction, key: string): boolean {
  return transaction.has(key) && !isReadable(key, transaction.get(key));
}

function isReadable(key: string, value: unknown): boolean {
  if (key === poolKey) return poolRecord.safeParse(value).success;
  if (key.startsWith(objects)) return parseEntry(value)?.record !== undefined;
  if (key.startsWith(policies)) return policyRecord.safeParse(value).success;
  return value !== undefined;
}

/** Whether what the copy says was written for this very pool, object and image. */
function isUsable(identity: string, key: string, copy: Texts): boolean {
  const value = parseText(copy.get(key) ?? "");
  if (!isReadable(key, value)) return false;
  if (!key.startsWith(objects)) return true;
  const entry = parseEntry(value);
  return (
    entry?.record !== undefined &&
    key === objectKey(entry.uid) &&
    entry.record.uid === entry.uid &&
    entry.record.poolIdentity === identity &&
    entry.record.self === carrierOf(entry)
  );
}

async function restoreKey(pool: OpenPool, key: string, text: string, repair: boolean): Promise<Finding> {
  const entry = key.startsWith(objects) ? parseEntry(parseText(text)) : undefined;
  const uid = key.slice(key.indexOf(".") + 1);
  const what = entry ? `the record of "${entry.name}"` : `the record "${key}"`;
  const repaired =
    repair &&
    (await pool.table.change((transaction) => {
      if (!isLost(transaction, key)) return true;
      if (entry && !takeName(transaction, entry)) return false;
      transaction.put(key, text);
      return true;
    }));
  const how = repaired ? "was put back from its second copy" : "is lost, or cannot be read; its second copy is whole";
  return { object: uid, message: `${what} ${how}`, repaired };
}

/** Names are not copied; those who have one get it back. False where somebody else has it by now. */
export function takeName(
  transaction: Transaction,
  { uid, name, phase }: { uid: string; name: string; phase: string },
): boolean {
  if (phase !== "live") return true;
  const holder = transaction.get(nameKey(name));
  const isFree = typeof holder !== "string" || holder === uid || findEntry(transaction, holder)?.name !== name;
  if (isFree) transaction.set(nameKey(name), uid);
  return isFree;
}

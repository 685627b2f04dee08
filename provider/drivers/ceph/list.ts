import type { DamagedRecord, Listing } from "../driver";
import { type PolicyRecord, policyRecord } from "../record";
import { allEntries, damagedEntries, policies, type ReadEntry } from "./entry";
import type { OpenPool } from "./openPool";
import { reachOf, seeAll, storedObject } from "./stored";

/** Everything in a pool: one read of its table, one look at all of its images and one at all of its shares, whatever their number. */
export async function listPool(pool: OpenPool): Promise<Listing> {
  const [usage, reach] = await Promise.all([pool.usage(), reachOf(pool)]);
  const read = await pool.table.read((transaction) => ({
    pool: pool.stored(transaction, usage),
    entries: allEntries(transaction).filter((each): each is ReadEntry => each.record !== undefined),
    damaged: damagedEntries(transaction),
    policies: transaction.keys(policies).map((key) => [key.slice(policies.length), transaction.get(key)] as const),
  }));
  const seen = await seeAll(pool, read.entries);
  const listing: Listing = {
    pool: read.pool,
    objects: read.entries.map((each) => storedObject(each, seen, reach)),
    policies: [],
    damaged: read.damaged,
    at: await pool.now(),
  };
  for (const [uid, value] of read.policies) {
    const parsed = policyRecord.safeParse(value);
    if (parsed.success) listing.policies.push(structuredClone(parsed.data) as PolicyRecord);
    else listing.damaged.push(damagedPolicy(uid, value));
  }
  return listing;
}

function damagedPolicy(uid: string, value: unknown): DamagedRecord {
  const name = (value as { name?: unknown } | undefined)?.name;
  return {
    uid,
    ...(typeof name === "string" ? { name } : {}),
    problem: "the record of this policy cannot be read",
  };
}

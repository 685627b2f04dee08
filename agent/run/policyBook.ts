import type { PolicyRecord } from "../../provider/drivers/record";
import type { BackendLook, PoolLook } from "./look";
import { type ActingPolicy, type PolicyProblem, readPolicyRecord } from "./policy";

interface Entry {
  readonly record: PolicyRecord;
  readonly poolId: string;
}

/**
 * The policies of all pools that were looked at. A policy with targets in several pools has a record in each; while an update is
 * on its way they differ, and the one of the highest generation holds everywhere.
 */
export class PolicyBook {
  private readonly byPool = new Map<string, readonly PolicyRecord[]>();
  private readonly read = new Map<string, { record: PolicyRecord; policy: ActingPolicy | PolicyProblem }>();

  /** Replaces what is known of a backend's pools. Of pools that could not be looked at the last look stays. */
  put(look: BackendLook): void {
    for (const pool of look.pools) this.byPool.set(pool.id, ownRecords(pool));
    if (!look.isReachable) return;
    const seen = new Set([...look.pools.map(({ id }) => id), ...look.failures.map(({ where }) => where)]);
    for (const id of this.byPool.keys()) if (id.startsWith(`${look.backend}/`) && !seen.has(id)) this.byPool.delete(id);
  }

  /** Of every policy the record that holds, and whether it can be run. */
  policies(): Map<string, ActingPolicy | PolicyProblem> {
    const newest = new Map<string, Entry>();
    for (const [poolId, records] of this.byPool) {
      for (const record of records) {
        const known = newest.get(record.uid);
        if (!known || known.record.generation < record.generation) newest.set(record.uid, { record, poolId });
      }
    }
    for (const uid of this.read.keys()) if (!newest.has(uid)) this.read.delete(uid);
    return new Map([...newest].map(([uid, { record }]) => [uid, this.readOnce(record)]));
  }

  /** Reading is validation, which costs more than looking whether anything has changed. */
  private readOnce(record: PolicyRecord): ActingPolicy | PolicyProblem {
    const known = this.read.get(record.uid);
    if (known && known.record.revision === record.revision && known.record.poolIdentity === record.poolIdentity)
      return known.policy;
    const policy = readPolicyRecord(record);
    this.read.set(record.uid, { record, policy });
    return policy;
  }
}

/** The records that are this pool's own: one that came with the copied files of another pool says nothing here. */
export function ownRecords({ listing }: PoolLook): PolicyRecord[] {
  const { identity } = listing.pool.record;
  return listing.policies.filter((record) => record.poolIdentity === identity);
}

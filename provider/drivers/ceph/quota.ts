import { hasCode } from "../../model/errors";
import type { Finding } from "../driver";
import { poolKey } from "./entry";
import { described, type OpenPool } from "./openPool";
import { type CephPoolRecord, placeOf } from "./place";

/** The quota in bytes that stands for a pool's capacity; undefined where it has none of ours. */
export function ownQuotaOf({ settings }: Pick<CephPoolRecord, "settings">): number | undefined {
  return settings.ceph?.quota === true ? settings.capacityBytes : undefined;
}

/**
 * Has the cluster hold a pool to what its record says by now. Of several who change it at once the one whose request comes last looks at
 * the record once more, so the quota ends as the record that was written last.
 */
export async function holdToRecord(pool: OpenPool): Promise<void> {
  for (;;) {
    const off = await quotaThatIsOff(pool);
    if (off) await pool.site.cluster.setQuota(off.name, off.wanted);
    const isSettled = await pool.table.change((transaction) => {
      const { quotaEnds, ...record } = pool.header(transaction);
      if (off && wantedOf(pool.header(transaction)) !== off.wanted) return false;
      if (quotaEnds && (!off || off.wanted === 0)) transaction.set(poolKey, record);
      return true;
    });
    if (isSettled) return;
  }
}

/** A quota that an interrupted change has left behind. */
export async function checkQuota(pool: OpenPool, repair: boolean): Promise<Finding[]> {
  const off = await quotaThatIsOff(pool);
  if (!off) return [];
  const isRepaired =
    repair &&
    (await holdToRecord(pool).then(
      () => true,
      (error: unknown) => {
        if (hasCode(error, "PERMISSION_DENIED")) return false;
        throw error;
      },
    ));
  const message = `the cluster holds it to ${off.actual} bytes, not to ${off.wanted} (0 is no quota)`;
  return [{ object: pool.where, message, repaired: isRepaired }];
}

/** Undefined where the cluster holds the pool to what its record says. */
async function quotaThatIsOff(pool: OpenPool): Promise<{ name: string; wanted: number; actual: number } | undefined> {
  const { wanted, carrier } = await pool.table.read((transaction) => {
    const header = pool.header(transaction);
    return { wanted: wantedOf(header), carrier: placeOf(header).dataPool?.id ?? pool.id };
  });
  const seen = wanted === undefined ? undefined : await described(pool.site, carrier);
  if (wanted === undefined || !seen || seen.quota_max_bytes === wanted) return undefined;
  return { name: seen.pool_name, wanted, actual: seen.quota_max_bytes };
}

/** 0 takes a quota off. Undefined where whatever quota there is was set by others. */
function wantedOf(record: CephPoolRecord): number | undefined {
  return ownQuotaOf(record) ?? (record.quotaEnds ? 0 : undefined);
}

import type { StoredObject } from "../../provider/drivers/driver";
import { hasCode, messageOf } from "../../provider/model/errors";
import type { BackendPort } from "./backendPort";
import type { PoolLook } from "./look";
import type { RunOptions } from "./options";

export interface PurgeReport {
  /** The names of what has ended. */
  readonly purged: readonly string[];
  /** What has expired and could not be ended now, with the reason. */
  readonly kept: readonly { readonly name: string; readonly reason: string }[];
}

/** Ends what has expired in the trash of a pool, by the backend's clock. Never throws: what cannot be ended now is tried again. */
export async function purgeExpired(port: BackendPort, look: PoolLook, options: RunOptions): Promise<PurgeReport> {
  const purged: string[] = [];
  const kept: { name: string; reason: string }[] = [];
  if (port.isReadOnly || options.dryRun) return { purged, kept };
  for (const { record } of expired(look)) {
    if (options.isStopping?.()) break;
    try {
      await options.pace?.turn();
      const pool = { name: look.pool, identity: look.listing.pool.record.identity };
      await port.write(options.signal, (driver, call) => driver.purge(pool, { uid: record.uid }, call));
      purged.push(record.name);
    } catch (error) {
      kept.push({ name: record.name, reason: messageOf(error) });
      if (hasCode(error, "UNAVAILABLE", "TIMEOUT", "CANCELLED")) break;
    }
  }
  return { purged, kept };
}

/** What has expired, snapshots before what they were taken of. */
function expired({ listing }: PoolLook): StoredObject[] {
  return listing.objects
    .filter(({ phase, record }) => {
      if (phase === "purging") return true;
      return phase === "trashed" && record.expiresAt !== undefined && Date.parse(record.expiresAt) <= listing.at;
    })
    .sort((a, b) => Number(b.record.kind === "snapshot") - Number(a.record.kind === "snapshot"));
}

import { formatPoolId, type PoolId } from "../model/names";
import type { PoolCapabilities } from "../model/pool";
import type { PoolView } from "../storage/poolView";
import type { Context } from "./lifecycle";

/** A pool as what is declared in it is judged: one that is there, or one that this deployment is going to make. */
export interface Abilities {
  poolId: string;
  /** What it can do. What is absent is not known: it is found out when the pool is made. */
  can: Partial<PoolCapabilities>;
  /** What it stands on, where that decides what it can do. */
  medium: string | undefined;
  /** What pools of its backend can do, by what they are on. */
  elsewhere: Readonly<Record<string, PoolCapabilities>>;
}

/** What a pool that is there cannot do where it does not say. */
const unsaid: Partial<PoolCapabilities> = { accessModes: ["ReadWriteOnce"], shareProtocols: [], shareSnapshot: "none" };

/** What a pool can do: as it says itself, else as far as it is known of one that is planned. */
export function abilitiesOf(id: PoolId, view: PoolView | undefined, { plan, storage }: Context): Abilities {
  const poolId = formatPoolId(id);
  const elsewhere = storage.backend(id.backend).capabilities;
  if (view) {
    const { record, medium } = view.pool;
    return { poolId, can: { ...unsaid, ...record.capabilities }, medium, elsewhere };
  }
  const { capabilities = {}, medium } = plan.pool(poolId)?.prospect ?? {};
  return { poolId, can: capabilities, medium, elsewhere };
}

/** Why a pool has no snapshots of shares, and what to do: `instead`, or another pool. Undefined where it has them, or may have. */
export function lacksShareSnapshots(
  { poolId, can, medium, elsewhere }: Abilities,
  what: string,
  instead?: string,
): string | undefined {
  if (can.shareSnapshot !== "none") return undefined;
  const able = Object.entries(elsewhere).filter(([, { shareSnapshot = "none" }]) => shareSnapshot !== "none");
  const media = able.flatMap(([where]) => where.replace(/^on /, "").split(", ")).filter((where) => where !== "");
  const why =
    medium === undefined
      ? `pool ${poolId} has no snapshots of shares`
      : `its pool is on ${medium}, where shares have no snapshots`;
  const other = media.length === 0 ? "use a pool that has them" : `keep the pool on ${media.join(" or ")}`;
  return `${what} is a share, and ${why}: ${instead === undefined ? other : `${instead}, or ${other}`}`;
}

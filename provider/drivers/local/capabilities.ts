import type { PoolCapabilities } from "../../model/pool";
import type { PoolRecord } from "../record";
import { sharesBlocksBy } from "./filesystems";

/** What a pool can do, by whether files in it can share blocks. */
export function localCapabilities(sharesBlocks: boolean): PoolCapabilities {
  return {
    copyOnWrite: sharesBlocks,
    onlineSnapshot: sharesBlocks ? "crash" : "none",
    trash: true,
    // A disk is a file on one host: nothing keeps two writers of it apart, so many at once is not among them
    accessModes: ["ReadWriteOnce", "ReadWriteOncePod", "ReadOnlyMany"],
    qos: "consumer",
    images: true,
    shareProtocols: ["directory"],
    shareQuota: "advisory",
    // Files are copied one after the other, which is one point in time only while nothing writes, and only quick where blocks are shared
    shareSnapshot: sharesBlocks && process.platform === "linux" ? "offline" : "none",
  };
}

/** What a pool that is still to be made can do, as far as the name of its file system tells. The rest is found out by trying, which writes. */
export function expectedCapabilities(filesystem: string | undefined): Partial<PoolCapabilities> {
  const sharesBlocks = sharesBlocksBy(filesystem);
  if (sharesBlocks !== undefined) return localCapabilities(sharesBlocks);
  const other: Record<string, unknown> = localCapabilities(false);
  const isEitherWay = ([key, can]: [string, unknown]) => JSON.stringify(can) === JSON.stringify(other[key]);
  return Object.fromEntries(Object.entries(localCapabilities(true)).filter(isEitherWay));
}

/** A pool's record with the capabilities that the version which made it did not know yet. */
export function withCapabilities(record: PoolRecord): PoolRecord {
  const known = localCapabilities(record.capabilities.copyOnWrite);
  return { ...record, capabilities: { ...known, ...record.capabilities } };
}

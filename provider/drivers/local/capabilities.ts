import type { PoolCapabilities } from "../../model/pool";
import type { PoolRecord } from "../record";

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

/** A pool's record with the capabilities that the version which made it did not know yet. */
export function withCapabilities(record: PoolRecord): PoolRecord {
  const known = localCapabilities(record.capabilities.copyOnWrite);
  return { ...record, capabilities: { ...known, ...record.capabilities } };
}

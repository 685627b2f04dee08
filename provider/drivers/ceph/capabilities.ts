import type { PoolCapabilities } from "../../model/pool";

/** What pools in a Ceph cluster can do. Shares are not made yet. */
export const cephCapabilities: PoolCapabilities = {
  copyOnWrite: true,
  onlineSnapshot: "crash",
  trash: true,
  // An image may be open by several machines at once; what keeps their writes apart is theirs to say, so many writers are not among them
  accessModes: ["ReadWriteOnce", "ReadWriteOncePod", "ReadOnlyMany"],
  qos: "backend",
  images: true,
  shareProtocols: [],
};

import type { PoolCapabilities } from "../../model/pool";
import { requireRelease } from "./release";
import { choiceOfFilesystem } from "./shareFilesystem";
import type { Site } from "./site";

/** What pools in a Ceph cluster can do that has no file system for shares. */
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

/** What they can do where there is one. */
export const withShares: PoolCapabilities = {
  ...cephCapabilities,
  shareProtocols: ["cephfs"],
  shareQuota: "enforced",
  shareSnapshot: "crash",
  // A folder bears 100, and one is needed to copy a share
  maxShareSnapshots: 99,
};

/** What pools of a backend can do now. */
export async function capabilitiesOf(site: Site): Promise<PoolCapabilities> {
  await requireRelease(site);
  return "filesystem" in (await choiceOfFilesystem(site)) ? withShares : cephCapabilities;
}

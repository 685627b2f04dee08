import type { PoolCapabilities } from "../../model/pool";
import { requireRelease } from "./release";
import type { Site } from "./site";

/** What pools in a Ceph cluster can do. Shares are not made yet. */
export const cephCapabilities: PoolCapabilities = {
  copyOnWrite: true,
  onlineSnapshot: "crash",
  trash: true,
  // An image may be open by several machines at once; what keeps their writes apart is theirs to say, so many writers are not among them
  accessModes: ["ReadWriteOnce", "ReadWriteOncePod", "ReadOnlyMany"],
  qos: "backend",
  images: false,
  shareProtocols: [],
};

/** What pools of a backend can do now. */
export async function capabilitiesOf(site: Site): Promise<PoolCapabilities> {
  await requireRelease(site);
  return cephCapabilities;
}

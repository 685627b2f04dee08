import { KrStorageError } from "../../model/errors";
import type { Site } from "./site";

/** The first release whose clones need no protected snapshot and whose pools scale their placement groups: Nautilus. */
const oldestRelease = 14;

/** Throws UNSUPPORTED where a daemon is of a release that this driver cannot rely on. One that does not say its release is taken for new. */
export async function requireRelease({ cluster, backend }: Site): Promise<void> {
  const tooOld = (await cluster.versions()).filter((version) => (releaseOf(version) ?? oldestRelease) < oldestRelease);
  if (tooOld.length === 0) return;
  throw new KrStorageError(
    "UNSUPPORTED",
    `the cluster of ${backend} has daemons that are too old (${tooOld.join("; ")}): Ceph ${oldestRelease} or newer is needed`,
    { target: backend },
  );
}

/** The number of a release: 16 of "ceph version 16.2.15 (…) pacific (stable)". */
export function releaseOf(version: string): number | undefined {
  const [, release] = /^ceph version (\d+)\./.exec(version) ?? [];
  return release === undefined ? undefined : Number(release);
}

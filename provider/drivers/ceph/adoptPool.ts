import { hasCode, KrStorageError } from "../../model/errors";
import type { ClusterPool } from "./cluster";
import { lostRecords, type Pools } from "./openPool";
import { findRecoverable } from "./recoverTable";

const replicated = 1;

/** The pool of the cluster that is to be taken as it is. Throws what stands against that; a look, nothing is changed. */
export async function requireAdoptable(pools: Pools, name: string, where: string): Promise<ClusterPool> {
  const found = (await pools.site.cluster.pools()).find((pool) => pool.pool_name === name);
  if (!found)
    throw refused(
      "NOT_FOUND",
      where,
      `the cluster has no pool ${name} that could be taken; leave existing out to make one`,
    );
  const { application_metadata: applications } = found;
  if (applications.krstorage?.uid !== undefined)
    throw refused("ALREADY_EXISTS", where, "KRStorage has made this pool; it is not taken as somebody else's");
  if (found.type !== replicated)
    throw refused(
      "UNSUPPORTED",
      where,
      "it is erasure-coded, and such pools cannot hold what describes an image; take a replicated one",
    );
  const other = Object.keys(applications).find((application) => !["rbd", "krstorage"].includes(application));
  if (other !== undefined)
    throw refused("PRECONDITION_FAILED", where, `it is a pool of ${other}; take one for images (rbd)`);
  if (!("rbd" in applications))
    throw refused(
      "PRECONDITION_FAILED",
      where,
      `it is not meant for images yet; run "ceph osd pool application enable ${name} rbd" and "rbd pool init ${name}"`,
    );
  return found;
}

/** Puts our application on it, which is what opens it to our user. Whether it was not there before. */
export async function markAdopted(pools: Pools, found: ClusterPool, where: string): Promise<boolean> {
  const { cluster } = pools.site;
  const { pool_name: name, pool_id: id, application_metadata: applications } = found;
  const isMarked = "krstorage" in applications;
  if (!isMarked)
    await cluster.enableApplication(name, "krstorage").catch((error: unknown) => {
      if (!hasCode(error, "PERMISSION_DENIED")) throw error;
      throw refused("PERMISSION_DENIED", where, markHint(name));
    });
  if (await findRecoverable(pools, id)) throw lostRecords(where);
  return !isMarked;
}

/** What an operator does to open a pool of the cluster to KRStorage. */
export function markHint(name: string): string {
  return `whoever runs the cluster gives it to KRStorage with "ceph osd pool application enable ${name} krstorage"`;
}

function refused(
  code: "NOT_FOUND" | "ALREADY_EXISTS" | "UNSUPPORTED" | "PRECONDITION_FAILED" | "PERMISSION_DENIED",
  where: string,
  why: string,
): KrStorageError {
  const message = `${where} is not taken over: ${why}`;
  return new KrStorageError(code, message, { target: where, issues: [{ path: "ceph.existing", message }] });
}

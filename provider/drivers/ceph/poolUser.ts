import { hasCode, KrStorageError, messageOf } from "../../model/errors";
import { poolKey, userKey } from "./entry";
import { nameOf, requireSource } from "./matching";
import type { OpenPool } from "./openPool";
import type { Site } from "./site";

/** The cephx user, without "client.", that consumers of a pool's volumes are given. Nobody else's has such a name. */
const nameOfUser = (poolUid: string) => `krs.${poolUid}`;

/**
 * What it may do: open the images of the pools that carry this uid. By the mark and not by the name, which a pool can change; and
 * in the namespace of the images alone, so that it writes no records. The last two give nothing; they are there so that our own
 * user can be held to exactly these (docs/backends/ceph.md): a capability that is not named could be anything.
 */
const capsOf = (poolUid: string) => [
  "mon",
  "profile rbd",
  "osd",
  `allow rwx namespace="" tag krstorage uid=${poolUid}`,
  "mgr",
  "allow module krstorage.none r",
  "mds",
  "allow r path=/krstorage.none",
];

/**
 * Makes the user of a new pool. The pool is there by then, and stays without one where that fails or may not be: consumers need one
 * then that the operator has made, or whoever asks for a key makes it.
 */
export async function giveUser(pool: OpenPool, poolUid: string): Promise<void> {
  try {
    await keyOfUser(pool, poolUid);
  } catch (error) {
    pool.site.env.log.info(
      `${pool.where}: its volumes have no cephx user of their own (docs/backends/ceph.md says what the backend's user must be allowed): ${messageOf(error)}`,
    );
  }
}

/** A user that there is is never changed: it has exactly these capabilities, or it is refused. */
async function keyOfUser(pool: OpenPool, poolUid: string): Promise<string> {
  const user = nameOfUser(poolUid);
  const described = (await pool.site.cluster.pools()).find(({ pool_id: id }) => id === pool.id);
  if (described?.application_metadata.krstorage?.uid !== poolUid)
    throw new KrStorageError(
      "UNSUPPORTED",
      `${pool.where} was there before KRStorage and has no user of its own: make one (docs/backends/ceph.md)`,
      { target: pool.where },
    );
  const key = await pool.site.cluster.userKey(user, capsOf(poolUid));
  await pool.table.change((transaction) => {
    if (transaction.has(poolKey) && transaction.get(userKey) !== user) transaction.set(userKey, user);
  });
  return key;
}

/** The user goes before its pool does. Where it may not be removed, what is left of it opens nothing any more. */
export async function removeUser(site: Site, poolUid: string, where: string): Promise<void> {
  await site.cluster.removeUser(nameOfUser(poolUid)).catch((error: unknown) => {
    site.env.log.info(`${where}: its cephx user client.${nameOfUser(poolUid)} was not removed: ${messageOf(error)}`);
  });
}

/** The key that opens a live volume, of the user in its connection. A pool that has no user yet gets one. */
export async function keyOf(pool: OpenPool, uid: string): Promise<string> {
  const { poolUid, found } = await pool.table.read((transaction) => ({
    found: requireSource(pool, transaction, uid),
    poolUid: pool.header(transaction).uid,
  }));
  const what = nameOf(pool, found);
  if (found.kind !== "volume")
    throw new KrStorageError(
      "UNSUPPORTED",
      `${what} is no volume: the keyCommand in a share's connection has its key`,
      {
        target: what,
      },
    );
  return keyOfUser(pool, poolUid).catch((error: unknown) => {
    if (!hasCode(error, "PERMISSION_DENIED")) throw error;
    throw new KrStorageError(
      "PERMISSION_DENIED",
      `the key of ${what} cannot be had: the backend's cephx user may neither make client.${nameOfUser(poolUid)} nor read its key; allow it what docs/backends/ceph.md lists, or make a user for the pool yourself`,
      { target: what },
    );
  });
}

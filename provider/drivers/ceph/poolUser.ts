import { hasCode, KrStorageError, messageOf } from "../../model/errors";
import type { Finding } from "../driver";
import { poolKey, userKey } from "./entry";
import { nameOf, requireSource } from "./matching";
import { described, type OpenPool } from "./openPool";
import type { Site } from "./site";
import { userOf } from "./users";

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
 * then that the operator has made, or a repair makes it.
 */
export async function giveUser(pool: OpenPool): Promise<void> {
  try {
    await makeUser(pool);
  } catch (error) {
    pool.site.env.log.info(
      `${pool.where}: its volumes have no cephx user of their own (docs/backends/ceph.md says what the backend's user must be allowed): ${messageOf(error)}`,
    );
  }
}

/** A user that there is is never changed: it has exactly these capabilities, or it is refused. */
async function makeUser(pool: OpenPool): Promise<void> {
  const poolUid = await uidOfOurs(pool);
  if (poolUid === undefined) return;
  await pool.site.cluster.makeUser(userOf(poolUid), capsOf(poolUid));
  await pool.table.change((transaction) => {
    if (transaction.has(poolKey)) transaction.set(userKey, userOf(poolUid));
  });
}

/** The uid by which the user of a pool's volumes reaches it; undefined where it was there before KRStorage, and has no such mark. */
async function uidOfOurs(pool: OpenPool): Promise<string | undefined> {
  const poolUid = await pool.table.read((transaction) => pool.header(transaction).uid);
  const seen = await described(pool.site, pool.id);
  return seen?.application_metadata.krstorage?.uid === poolUid ? poolUid : undefined;
}

/** A pool whose user could not be made with it, or is gone. Where our own user may not see that, there is nothing to say. */
export async function checkUser(pool: OpenPool, repair: boolean): Promise<Finding[]> {
  const poolUid = await uidOfOurs(pool);
  if (poolUid === undefined) return [];
  try {
    const isKnown = await pool.table.read((transaction) => transaction.get(userKey) === userOf(poolUid));
    const isThere = (await pool.site.cluster.findUser(userOf(poolUid), capsOf(poolUid))) !== undefined;
    if (isKnown && isThere) return [];
    if (repair) await makeUser(pool);
  } catch (error) {
    if (hasCode(error, "PERMISSION_DENIED", "PRECONDITION_FAILED")) return [];
    throw error;
  }
  const message = `its volumes have no cephx user client.${userOf(poolUid)}`;
  return [{ object: pool.where, message, repaired: repair }];
}

/** Of a pool that has ended. Where it may not be removed, what is left of it opens nothing any more. */
export async function removeUser(site: Site, poolUid: string, where: string): Promise<void> {
  await site.cluster.removeUser(userOf(poolUid)).catch((error: unknown) => {
    site.env.log.info(`${where}: its cephx user client.${userOf(poolUid)} was not removed: ${messageOf(error)}`);
  });
}

/** The key that opens a live volume, of the user in its connection. Only looks: previews ask for it, and frozen backends are asked. */
export async function keyOf(pool: OpenPool, uid: string): Promise<string> {
  const { user, found } = await pool.table.read((transaction) => ({
    found: requireSource(pool, transaction, uid),
    user: transaction.get(userKey),
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
  const poolUid = await uidOfOurs(pool);
  if (poolUid === undefined)
    throw new KrStorageError(
      "UNSUPPORTED",
      `${pool.where} was there before KRStorage and has no user of its own: make one (docs/backends/ceph.md)`,
      { target: pool.where },
    );
  const key = await pool.site.cluster.findUser(userOf(poolUid), capsOf(poolUid)).catch((error: unknown) => {
    if (!hasCode(error, "PERMISSION_DENIED")) throw error;
    throw new KrStorageError(
      "PERMISSION_DENIED",
      `the key of ${what} cannot be had: the backend's cephx user may not read that of client.${userOf(poolUid)}; allow it what docs/backends/ceph.md lists, or make a user for the pool yourself`,
      { target: what },
    );
  });
  if (key !== undefined && user === userOf(poolUid)) return key;
  throw new KrStorageError(
    "PRECONDITION_FAILED",
    `the volumes of ${pool.where} have no cephx user client.${userOf(poolUid)}; "krstorage fsck ${pool.where} --repair" makes it`,
    { target: what },
  );
}

import { KrStorageError } from "../../model/errors";
import type { Holder } from "../driver";
import type { Entry } from "./entry";
import type { OpenPool } from "./openPool";

/**
 * Who has a share, or a folder of it, mounted. Who has mounted the file system further up, as an operator may, is not told: whether
 * they use this share nobody can see.
 */
export async function shareHolders(pool: OpenPool, { subvolume }: Entry): Promise<Holder[]> {
  if (subvolume?.path === undefined) return [];
  const { filesystem, path } = subvolume;
  return (await pool.site.filesystems.sessions(filesystem))
    .filter(({ root }) => root === path || root.startsWith(`${path}/`))
    .map(({ client, user, host, mountPoint }) => ({
      name: `client.${client} (${user} on ${host}${mountPoint ? `, at ${mountPoint}` : ""})`,
      writes: true,
    }));
}

/** Throws IN_USE naming who has the share mounted. */
export async function requireNotMounted(pool: OpenPool, found: Entry, what: string, verb: string): Promise<void> {
  const holders = await shareHolders(pool, found);
  if (holders.length === 0) return;
  const names = holders.map(({ name }) => name).join(", ");
  throw new KrStorageError("IN_USE", `${what} cannot be ${verb}: it is mounted by ${names}; unmount it there first`, {
    target: what,
  });
}

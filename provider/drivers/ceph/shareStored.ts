import type { ShareConnection } from "../../model/share";
import { shellQuote } from "../shellQuote";
import type { Entry, ReadEntry } from "./entry";
import type { Subvolume, SubvolumesFound } from "./filesystems";
import type { OpenPool } from "./openPool";
import { userOf } from "./users";

/** What the cluster shows of shares. */
export interface SharesSeen {
  /** By the name of the file system and that of the subvolume. */
  found: Record<string, SubvolumesFound>;
  /** File systems that the cluster does not have any more. */
  gone: string[];
  monitors: { addresses: string[]; protocol: "v1" | "v2" };
}
export const noShares: SharesSeen = { found: {}, gone: [], monitors: { addresses: [], protocol: "v1" } };

type Wrong = { health: "missing" | "damaged" | "copied"; problem: string };

export { userOf };

/** Where a share is; of a snapshot where its share is. Undefined for what is an image. */
export function subvolumeOf({ subvolume, image }: Entry): Subvolume | undefined {
  return subvolume && { filesystem: subvolume.filesystem, group: subvolume.group, name: image.name };
}

/** Looks at all the shares of these entries: a request or two a file system, whatever their number. */
export async function seeShares(pool: OpenPool, entries: Iterable<Entry>): Promise<SharesSeen> {
  const { filesystems } = pool.site;
  const wanted = new Map<string, { filesystem: string; group: string; names: Set<string> }>();
  for (const each of entries) {
    const at = subvolumeOf(each);
    if (!at) continue;
    const { filesystem, group, name } = at;
    const known = wanted.get(`${filesystem}/${group}`) ?? { filesystem, group, names: new Set() };
    wanted.set(`${filesystem}/${group}`, { ...known, names: known.names.add(name) });
  }
  if (wanted.size === 0) return noShares;
  const [monitors, ...looks] = await Promise.all([
    filesystems.monitors(),
    ...[...wanted.values()].map(async ({ filesystem, group, names }): Promise<SubvolumesFound> => {
      const [only = "", ...others] = names;
      if (others.length > 0) return filesystems.look(filesystem, group, [...names]);
      const found = await filesystems.lookAt({ filesystem, group, name: only });
      return found ? { [only]: found } : {};
    }),
  ]);
  const found: SharesSeen["found"] = {};
  const lacking = new Set<string>();
  for (const [index, { filesystem, names }] of [...wanted.values()].entries()) {
    found[filesystem] = { ...found[filesystem], ...looks[index] };
    if ([...names].some((name) => found[filesystem]?.[name] === undefined)) lacking.add(filesystem);
  }
  const there = lacking.size > 0 ? await filesystems.names() : [];
  return { found, monitors, gone: [...lacking].filter((name) => !there.includes(name)) };
}

export function seenShare({ subvolume, image }: Entry, seen: SharesSeen): SubvolumesFound[string] | undefined {
  return subvolume && seen.found[subvolume.filesystem]?.[image.name];
}

/** What is wrong with the bytes of a share or of a snapshot of one; undefined where nothing is. */
export function shareProblem(found: Entry, seen: SharesSeen): Wrong | undefined {
  const { image, snapshot, record } = found;
  const there = seenShare(found, seen);
  const where = `subvolume ${image.name} of file system ${found.subvolume?.filesystem}`;
  if (found.subvolume && seen.gone.includes(found.subvolume.filesystem))
    return {
      health: "missing",
      problem: `the cluster has no file system ${found.subvolume.filesystem} any more, in which subvolume ${image.name} was; if it does not come back, delete the share and purge it`,
    };
  if (!there) return { health: "missing", problem: `${where} is not in the cluster` };
  if (snapshot) {
    if (!there.snapshots.includes(snapshot.name))
      return { health: "missing", problem: `snapshot ${snapshot.name} of ${where} is not in the cluster` };
  } else if (image.id === undefined || !(image.id in there.folders))
    return { health: "missing", problem: `the folder ${image.id} of ${where} is not there` };
  if (record && record.self !== shareCarrier(found))
    return { health: "copied", problem: `its record was written for ${record.self}` };
  return undefined;
}

/** The folder of a share; of a snapshot that with the snapshot's name, which is never used twice. */
export function shareCarrier({ image, snapshot }: Entry): string {
  return snapshot ? `${image.id}@${snapshot.name}` : `${image.id}`;
}

/** The quota that the file system holds a share to, in bytes. */
export function quotaOf(found: Entry, seen: SharesSeen): number | undefined {
  return seenShare(found, seen)?.folders[found.image.id ?? ""] ?? undefined;
}

/** How consumers reach a share. */
export function shareConnection({ uid, name, subvolume }: ReadEntry, seen: SharesSeen): ShareConnection | undefined {
  if (subvolume?.path === undefined) return undefined;
  const { filesystem, path } = subvolume;
  const { addresses, protocol } = seen.monitors;
  const user = userOf(uid);
  const target = shellQuote(`/mnt/${name}`);
  const source = `${addresses.join(",")}:${path}`;
  const options = [
    `name=${user}`,
    `secretfile=/etc/ceph/client.${user}.secret`,
    `fs=${filesystem}`,
    // Without this Linux speaks the first version of the protocol
    ...(protocol === "v2" ? ["ms_mode=prefer-crc"] : []),
  ];
  const keyring = `/etc/ceph/ceph.client.${user}.keyring`;
  return {
    type: "cephfs",
    monitors: addresses,
    cephFilesystem: filesystem,
    path,
    user,
    source,
    fileSystem: "ceph",
    options,
    mountCommand: `mount -t ceph -o ${shellQuote(options.join(","))} -- ${shellQuote(source)} ${target}`,
    fuseCommand: `ceph-fuse -n client.${user} -k ${keyring} -m ${shellQuote(addresses.join(","))} --client_fs ${shellQuote(filesystem)} -r ${shellQuote(path)} ${target}`,
    keyCommand: `ceph auth print-key client.${user}`,
  };
}

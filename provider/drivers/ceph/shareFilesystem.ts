import type { Site } from "./site";

/** The file system that new shares of a backend are made in, or why there is none, as a sentence. Never guessed among several. */
export async function choiceOfFilesystem(site: Site): Promise<{ filesystem: string } | { problem: string }> {
  const wanted = site.options.filesystem;
  const names = await site.filesystems.names();
  const [only, ...others] = names;
  if (wanted !== undefined)
    return names.includes(wanted)
      ? { filesystem: wanted }
      : { problem: `the cluster has no file system "${wanted}", which the option "filesystem" of the backend names` };
  if (only === undefined) return { problem: "the cluster has no CephFS file system to make shares in" };
  if (others.length > 0)
    return {
      problem: `the cluster has several file systems (${names.join(", ")}): say which one shares are made in by the option "filesystem" of the backend`,
    };
  return { filesystem: only };
}

/**
 * The group of subvolumes that a pool's shares are in. A pool's number is never given twice in a cluster, so no other pool ever has
 * this group, whatever it is called.
 */
export const groupOf = (pool: number) => `krs.${pool}`;

import { messageOf } from "../../model/errors";
import type { Finding } from "../driver";
import { allEntries, leftoverKey, leftoversIn } from "./entry";
import type { OpenPool } from "./openPool";

/** An image of an ended volume that nothing needs any more, and that could not be ended. */
interface Leftover {
  id: string;
  problem: string;
}

/**
 * Ends the images of ended volumes that nothing needs any more. Those that clones need stay for the next time. What comes back are those
 * that could not be ended; they do not keep the others.
 */
export async function removeLeftovers(pool: OpenPool): Promise<Leftover[]> {
  const { cluster } = pool.site;
  const free = await pool.table.read((transaction) => {
    const needed = new Set(allEntries(transaction).map(({ image }) => image.id));
    return leftoversIn(transaction).filter(({ id }) => !needed.has(id));
  });
  const kept: Leftover[] = [];
  for (const { id, name } of free)
    try {
      const outcome = await cluster.removeFromTrash(pool.id, id);
      if (outcome === "ended") await pool.table.change((transaction) => transaction.delete(leftoverKey(id)));
      if (outcome === "elsewhere") kept.push({ id, problem: takenOut(id, name) });
    } catch (error) {
      const what = `image ${name} (id ${id}) of a volume that was purged`;
      kept.push({ id, problem: `${what} cannot be ended: ${messageOf(error)}` });
    }
  return kept;
}

/** As `removeLeftovers`, for those whose own work is done: that blocks go too is tried again with the next one, and by a repair. */
export async function tryLeftovers(pool: OpenPool): Promise<void> {
  const warn = (message: string) => pool.site.env.log.warn(`${pool.where}: ${message}`);
  try {
    for (const { problem } of await removeLeftovers(pool)) warn(problem);
  } catch (error) {
    warn(messageOf(error));
  }
}

/** Of images that the purge of their volume left: those that were taken out of the cluster's trash. One that a snapshot in the trash needs is put back by a repair. */
export async function checkLeftovers(pool: OpenPool, repair: boolean): Promise<Finding[]> {
  const { cluster } = pool.site;
  const { left, entries } = await pool.table.read((transaction) => ({
    left: leftoversIn(transaction),
    entries: allEntries(transaction),
  }));
  if (left.length === 0) return [];
  const { found, trash } = await cluster.images(
    pool.id,
    left.map(({ id }) => id),
  );
  const findings: Finding[] = [];
  for (const { id, name } of left) {
    const phases = entries.filter(({ image }) => image.id === id).map(({ phase }) => phase);
    if (!(id in found) || trash.includes(id) || phases.includes("live")) continue;
    const mayPutBack = repair && phases.includes("trashed");
    const repaired = mayPutBack && (await cluster.moveToTrash(pool.id, name, 0).catch(() => false));
    findings.push({ object: id, message: takenOut(id, name), repaired });
  }
  return findings;
}

function takenOut(id: string, name: string): string {
  return `image ${name} (id ${id}) of a volume that was purged is not in the cluster's trash any more: somebody has taken it out, and it was left alone; to have it ended, move it back (rbd trash mv) and run fsck with repair`;
}

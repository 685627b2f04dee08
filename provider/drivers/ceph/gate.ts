import { messageOf } from "../../model/errors";
import type { Call } from "../driver";
import { allEntries, findEntry, type ReadEntry } from "./entry";
import type { OpenPool } from "./openPool";
import { closeShare } from "./shareEnd";
import { subvolumeOf, userOf } from "./shareStored";
import { requireNotMounted } from "./shareUses";
import { requireNotOpen } from "./uses";

/** What lets consumers at the bytes of an object, and keeps them from those of one that is in the trash. */
export interface Gate {
  /** Throws IN_USE naming who is at them. */
  requireIdle(what: string, verb: string, call: Call): Promise<void>;
  /** Nobody comes to write from now on; who is there stays. */
  close(): Promise<void>;
  /** As before `close`. */
  open(): Promise<void>;
  /** Once the record says that it is in the trash. */
  seal(): Promise<void>;
}

const nothing = async () => undefined;
const none: Gate = { requireIdle: nothing, close: nothing, open: nothing, seal: nothing };

/** The gate of a volume is the cluster's trash, that of a share its cephx user. Snapshots are reached by nobody. */
export function gateOf(pool: OpenPool, found: ReadEntry, retentionMs = 0): Gate {
  const { kind, image, uid } = found;
  const { cluster, filesystems, env } = pool.site;
  const at = subvolumeOf(found);
  // Decided already: what fails then is seen by fsck, and mended by its repair
  const warn = (error: unknown) => env.log.warn(`${pool.where}: ${messageOf(error)}`);
  if (at && kind === "share")
    return {
      requireIdle: (what, verb) => requireNotMounted(pool, found, what, verb),
      // The key stays the same by this, for the case that somebody has just mounted it
      close: async () => void (await filesystems.authorize(at, userOf(uid), "r")),
      open: async () => void (await filesystems.authorize(at, userOf(uid), "rw")),
      seal: () => closeShare(pool, found).catch(warn),
    };
  const { id } = image;
  if (at || id === undefined) return none;
  // A snapshot that comes back brings its image with it
  const open = async () => void (await cluster.restoreFromTrash(pool.id, id, image.name));
  if (kind === "snapshot") return { ...none, open, seal: () => takeBack(pool, found).catch(warn) };
  const toTrash = async () => void (await cluster.moveToTrash(pool.id, image.name, Math.ceil(retentionMs / 1000)));
  return {
    requireIdle: (what, verb, call) => requireNotOpen(pool, id, { what, verb, call }),
    close: toTrash,
    open,
    // A repair may just have taken it out, since the record did not say so yet; and somebody may bring it back meanwhile
    seal: async () => void (await settleGate(pool, uid).catch(warn)),
  };
}

/**
 * Opens or closes an object's bytes as its record says by now, and looks at that once more: who deletes it or brings it back meanwhile has
 * the last word. False where it is neither live nor in the trash any more.
 */
export async function settleGate(pool: OpenPool, uid: string): Promise<boolean> {
  const look = () => pool.table.read((transaction) => findEntry(transaction, uid));
  for (;;) {
    const found = await look();
    if (!found?.record || (found.phase !== "live" && found.phase !== "trashed")) return false;
    const readable = { ...found, record: found.record };
    if (found.phase === "live") await gateOf(pool, readable).open();
    else if (found.kind === "share") await closeShare(pool, readable);
    else await takeBack(pool, readable);
    if ((await look())?.phase === found.phase) return true;
  }
}

/** The image of a volume in the trash was brought out by a snapshot of it that came back, or by others. With nothing live in it it goes back. */
async function takeBack(pool: OpenPool, { image: { id, name } }: ReadEntry): Promise<void> {
  const { isNeeded, expiresAt } = await pool.table.read((transaction) => {
    const there = allEntries(transaction).filter(({ image }) => image.id === id);
    const volume = there.find(({ kind }) => kind === "volume");
    return {
      isNeeded: there.some(({ phase }) => phase === "live" || phase === "creating"),
      expiresAt: volume?.record?.expiresAt,
    };
  });
  if (isNeeded) return;
  const keptMs = expiresAt === undefined ? 0 : Date.parse(expiresAt) - (await pool.now());
  await pool.site.cluster.moveToTrash(pool.id, name, Math.max(0, Math.ceil(keptMs / 1000)));
}

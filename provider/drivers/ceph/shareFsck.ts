import type { PoolCapabilities } from "../../model/pool";
import type { Finding } from "../driver";
import { capabilitiesOf } from "./capabilities";
import { allEntries, findEntry, goneKey, groupsIn, poolKey, type ReadEntry } from "./entry";
import { settleGate } from "./gate";
import type { OpenPool } from "./openPool";
import { snapshotsIn, whileCopied } from "./shareEnd";
import { quotaOf, type SharesSeen, seeShares, subvolumeOf, userOf } from "./shareStored";

/** A pool that could take no shares when it was made, and could now. What it can do stands in its record, so a repair notes it there. */
export async function checkShareCapability(pool: OpenPool, repair: boolean): Promise<Finding[]> {
  const now = await capabilitiesOf(pool.site);
  const lacksShares = ({ capabilities }: { capabilities: PoolCapabilities }) =>
    (capabilities.shareProtocols ?? []).length === 0 && (now.shareProtocols ?? []).length > 0;
  const uid = await pool.table.change((transaction) => {
    const header = pool.header(transaction);
    if (!lacksShares(header)) return undefined;
    const { maxShareSnapshots, shareProtocols, shareQuota, shareSnapshot } = now;
    const capabilities = { ...header.capabilities, maxShareSnapshots, shareProtocols, shareQuota, shareSnapshot };
    if (repair)
      transaction.set(poolKey, { ...pool.writable(transaction), capabilities, revision: header.revision + 1 });
    return header.uid;
  });
  if (uid === undefined) return [];
  return [
    { object: uid, message: "the cluster has a file system for shares that it had not before", repaired: repair },
  ];
}

/**
 * Subvolumes of shares that have ended: one that the manager made for a maker which had been given up by then. The table never takes a
 * uid again, so nothing will ever want them.
 */
export async function checkStrayShares(pool: OpenPool, repair: boolean): Promise<Finding[]> {
  const { filesystems } = pool.site;
  // Read first: what ends meanwhile is not taken for a stray
  const { places, ended } = await pool.table.read((transaction) => {
    const needed = new Set(allEntries(transaction).map(({ image }) => image.name));
    const gone = new Set(transaction.keys(goneKey("")));
    return {
      places: groupsIn(transaction),
      ended: (name: string) => gone.has(goneKey(uidIn(name))) && !needed.has(name),
    };
  });
  const findings: Finding[] = [];
  for (const place of places)
    for (const name of (await filesystems.subvolumes(place)).filter(ended)) {
      const uid = uidIn(name);
      if (repair) {
        await filesystems.deauthorize({ ...place, name }, userOf(uid));
        await filesystems.remove({ ...place, name });
      }
      findings.push({ object: uid, message: `subvolume ${name} is left of a share that has ended`, repaired: repair });
    }
  return findings;
}

/** Looked at once more where there seem to be any: they may have gone with what a repair has undone since. */
async function endedSnapshots(pool: OpenPool, found: ReadEntry, seen: SharesSeen): Promise<string[]> {
  const { ended } = await snapshotsIn(pool, found, seen);
  return ended.length === 0 ? [] : (await snapshotsIn(pool, found, await seeShares(pool, [found]))).ended;
}

/** What an interrupted change can leave of a share whose files are all right: a quota that is too small, a snapshot too many, a key too many or too few. */
export async function checkShare(
  pool: OpenPool,
  found: ReadEntry,
  seen: SharesSeen,
  repair: boolean,
): Promise<Finding[]> {
  const { filesystems } = pool.site;
  const at = subvolumeOf(found);
  const { uid, name, phase, record } = found;
  // One that is being made has neither a quota nor a user yet
  if (!at || found.kind !== "share" || (phase !== "live" && phase !== "trashed")) return [];
  const findings: Finding[] = [];
  const report = async (message: string, mend: () => Promise<unknown>) => {
    if (repair) await mend();
    findings.push({ object: uid, message: `"${name}": ${message}`, repaired: repair });
  };
  const quota = quotaOf(found, seen);
  if (quota === undefined || quota < record.sizeBytes)
    await report(`its subvolume ${at.name} is held to ${quota ?? "no"} bytes, not to ${record.sizeBytes}`, () =>
      holdToSize(pool, uid),
    );
  for (const snapshot of await endedSnapshots(pool, found, seen))
    await report(`snapshot ${snapshot} of its subvolume ${at.name} is left of what has ended`, () =>
      whileCopied(() => filesystems.removeSnapshot(at, snapshot)),
    );
  const user = userOf(uid);
  const hasUser = (await filesystems.users(at)).includes(user);
  if (phase === "live" && !hasUser)
    await report(`the cephx user client.${user} that it is reached by is gone`, () => settleGate(pool, uid));
  if (phase === "trashed" && hasUser)
    await report(`it is in the trash and can still be reached by the cephx user client.${user}`, () =>
      settleGate(pool, uid),
    );
  return findings;
}

/** To what is promised by now, looked at once more: a smaller quota that comes late would shrink what has grown meanwhile. */
async function holdToSize(pool: OpenPool, uid: string): Promise<void> {
  for (let last = -1; ; ) {
    const found = await pool.table.read((transaction) => findEntry(transaction, uid));
    const at = found && subvolumeOf(found);
    const wanted = Math.max(found?.record?.sizeBytes ?? 0, found?.growingTo ?? 0);
    if (!at || wanted <= last) return;
    await pool.site.filesystems.resize(at, wanted);
    last = wanted;
  }
}

/** Subvolumes are called `<name>.<uid>`. */
const uidIn = (subvolume: string) => subvolume.slice(subvolume.lastIndexOf(".") + 1);

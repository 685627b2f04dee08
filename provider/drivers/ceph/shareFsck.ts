import type { PoolCapabilities } from "../../model/pool";
import type { Finding } from "../driver";
import { capabilitiesOf } from "./capabilities";
import { poolKey, type ReadEntry } from "./entry";
import type { OpenPool } from "./openPool";
import { closeShare } from "./shareEnd";
import { quotaOf, type SharesSeen, subvolumeOf, userOf } from "./shareStored";

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

/** What an interrupted change can leave of a share whose files are all right: a quota that is too small, a key too many or too few. */
export async function checkShare(
  pool: OpenPool,
  found: ReadEntry,
  seen: SharesSeen,
  repair: boolean,
): Promise<Finding[]> {
  const { filesystems } = pool.site;
  const at = subvolumeOf(found);
  if (!at || found.kind !== "share") return [];
  const { uid, name, phase, record } = found;
  const findings: Finding[] = [];
  const report = async (message: string, mend: () => Promise<unknown>) => {
    if (repair) await mend();
    findings.push({ object: uid, message: `"${name}": ${message}`, repaired: repair });
  };
  const quota = quotaOf(found, seen);
  if (quota === undefined || quota < record.sizeBytes)
    await report(`its subvolume ${at.name} is held to ${quota ?? "no"} bytes, not to ${record.sizeBytes}`, () =>
      filesystems.resize(at, record.sizeBytes),
    );
  const user = userOf(uid);
  const hasUser = (await filesystems.users(at)).includes(user);
  if (phase === "live" && !hasUser)
    await report(`the cephx user client.${user} that it is reached by is gone`, () =>
      filesystems.authorize(at, user, "rw"),
    );
  if (phase === "trashed" && hasUser)
    await report(`it is in the trash and can still be reached by the cephx user client.${user}`, () =>
      closeShare(pool, found),
    );
  return findings;
}

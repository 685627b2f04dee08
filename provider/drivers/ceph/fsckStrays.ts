import { messageOf } from "../../model/errors";
import type { Call, Finding } from "../driver";
import { allEntries, goneKey, leftoversIn, objectKey, ownSnapshot, parseEntry, undone } from "./entry";
import type { OpenPool } from "./openPool";
import { placeOf } from "./place";
import type { Transaction } from "./table";
import { removeUnpublished } from "./undo";

/** What the records say of something in the cluster that has a uid of ours in its name. */
type Standing = "known" | "undone" | "ended" | "unknown";

/**
 * Images and snapshots that are named as ours are and that no record names: those that came about after their maker had been given up.
 * The table never takes a uid again, so nothing will ever want them, and a repair removes them. What was published once, or is of
 * an unknown uid, is told and left alone: its records may be lost, or somebody has put it there.
 */
export async function checkStrays(pool: OpenPool, repair: boolean, call: Call): Promise<Finding[]> {
  return [...(await strayImages(pool, repair, call)), ...(await straySnapshots(pool, repair))];
}

async function strayImages(pool: OpenPool, repair: boolean, call: Call): Promise<Finding[]> {
  const { cluster } = pool.site;
  // Looked at first: entries are there before their images
  const { images } = await cluster.names(pool.id);
  const named = images.flatMap(([id, name]) => {
    const [, short = "", uid] = /^(.*)\.([0-9a-f]{32})$/.exec(name) ?? [];
    return uid === undefined ? [] : [{ id, name, short, uid }];
  });
  const strays = await pool.table.read((transaction) => {
    const needed = neededImages(transaction);
    // In a pool that was there before, images that are named so may be others' own
    const isShared = placeOf(pool.header(transaction)).existing;
    return named
      .filter(({ id }) => !needed.has(id))
      .map((each) => ({ ...each, standing: standingOf(transaction, each.uid) }))
      .filter(({ standing }) => standing !== "known" && !(isShared && standing === "unknown"));
  });
  const findings: Finding[] = [];
  // One that has ended meanwhile is none
  for (const { name, short, uid, standing } of strays)
    if ((await cluster.imageId(pool.id, name)) !== null)
      findings.push(
        await report(uid, `image ${name}`, standing, repair, () =>
          removeUnpublished(pool, { name: short, image: { name } }, call),
        ),
      );
  return findings;
}

async function straySnapshots(pool: OpenPool, repair: boolean): Promise<Finding[]> {
  const { cluster } = pool.site;
  const recorded = await pool.table.read((transaction) => {
    const numbers = new Map([...neededImages(transaction)].map((id) => [id, new Set<number>()]));
    for (const { image, snapshot } of allEntries(transaction))
      if (snapshot?.id !== undefined) numbers.get(image.id ?? "")?.add(snapshot.id);
    return numbers;
  });
  const { found } = await cluster.images(pool.id, [...recorded.keys()]);
  const findings: Finding[] = [];
  for (const [image, [, numbers]] of Object.entries(found)) {
    if (numbers.every((number) => recorded.get(image)?.has(number))) continue;
    const snapshots = await cluster.snapshots(pool.id, image);
    const strays = await pool.table.read((transaction) =>
      snapshots.flatMap(([, name, isKeptForClones]) => {
        const own = isKeptForClones ? undefined : ownSnapshot(name);
        const standing = own && (own.isTemporary ? temporaryStanding : standingOf)(transaction, own.uid);
        return own && standing && standing !== "known" ? [{ name, uid: own.uid, standing }] : [];
      }),
    );
    for (const { name, uid, standing } of strays)
      findings.push(
        await report(uid, `snapshot ${name} of image ${image}`, standing, repair, () =>
          cluster.removeSnapshot(pool.id, image, name),
        ),
      );
  }
  return findings;
}

/** The ids of the images of everything that has a record, and of what has ended and whose blocks something needs. */
function neededImages(transaction: Transaction): Set<string> {
  const ended = leftoversIn(transaction).map(({ id }) => id);
  return new Set([...allEntries(transaction).flatMap(({ image }) => image.id ?? []), ...ended]);
}

function standingOf(transaction: Transaction, uid: string): Standing {
  if (transaction.has(objectKey(uid))) return "known";
  const gone = transaction.get(goneKey(uid));
  if (gone === undefined) return "unknown";
  return gone === undone ? "undone" : "ended";
}

/** A snapshot that was taken for a clone alone is of no use once that is made, or is not going to be. */
function temporaryStanding(transaction: Transaction, cloneUid: string): Standing {
  if (transaction.has(goneKey(cloneUid))) return "undone";
  if (!transaction.has(objectKey(cloneUid))) return "unknown";
  const clone = parseEntry(transaction.get(objectKey(cloneUid)));
  return clone && clone.leaseUntil === undefined ? "undone" : "known";
}

async function report(
  uid: string,
  what: string,
  standing: Standing,
  repair: boolean,
  remove: () => Promise<void>,
): Promise<Finding> {
  const object = uid;
  if (standing === "unknown")
    return {
      object,
      message: `${what} is named as KRStorage names its own, and no record says anything of it; it was left alone`,
      repaired: false,
    };
  if (standing === "ended")
    return {
      object,
      message: `${what} is of an object that was purged, and is there again; it was left alone`,
      repaired: false,
    };
  const message = `${what} is left of something that was never finished`;
  if (!repair) return { object, message, repaired: false };
  try {
    await remove();
    return { object, message, repaired: true };
  } catch (error) {
    return { object, message: `${message}, and cannot be removed now: ${messageOf(error)}`, repaired: false };
  }
}

import type { Connection } from "../../model/volume";
import type { StoredObject } from "../driver";
import type { ImagesFound } from "./cluster";
import { type Entry, type ReadEntry, userKey } from "./entry";
import { afterCommit } from "./errors";
import type { OpenPool } from "./openPool";
import { quotaOf, type SharesSeen, seeShares, shareCarrier, shareConnection, shareProblem } from "./shareStored";

/** What the cluster shows of images and shares. */
export type Seen = ImagesFound & {
  shares: SharesSeen;
  /** The ids of images that something live is in. */
  live: ReadonlySet<string>;
};

/** Looks at all that these entries stand for, in a few requests, whatever their number. */
export async function seeAll(pool: OpenPool, entries: readonly Entry[]): Promise<Seen> {
  const images = new Set(entries.flatMap(({ image, subvolume }) => (subvolume ? [] : (image.id ?? []))));
  const [seen, shares] = await Promise.all([
    pool.site.cluster.images(pool.id, [...images]),
    seeShares(
      pool,
      entries.filter(({ phase }) => phase === "live" || phase === "trashed"),
    ),
  ]);
  const live = entries.flatMap(({ phase, image }) =>
    phase === "live" || phase === "creating" ? (image.id ?? []) : [],
  );
  return { ...seen, shares, live: new Set(live) };
}

/** What ends a rollback that was interrupted. */
export const rollbackTodo = "roll back to it again, or run fsck with repair";

/** What is wrong with the bytes of an object, as the cluster shows them; undefined where nothing is. */
export function problemOf(
  found: Entry,
  seen: Seen,
): { health: "missing" | "damaged" | "copied"; problem: string } | undefined {
  if (found.phase === "creating" || found.phase === "purging") return undefined;
  if (found.subvolume) return shareProblem(found, seen.shares);
  const { image, snapshot, record } = found;
  const [, snapshots] = (image.id === undefined ? undefined : seen.found[image.id]) ?? [];
  if (!snapshots) return { health: "missing", problem: `image ${image.name} is not in the pool` };
  if (snapshot && (snapshot.id === undefined || !snapshots.includes(snapshot.id)))
    return { health: "missing", problem: `snapshot ${snapshot.name} of image ${image.name} is not in the pool` };
  if (record && record.self !== carrierOf(found))
    return { health: "copied", problem: `its record was written for ${record.self}` };
  if (found.rollingBackTo !== undefined)
    return {
      health: "damaged",
      problem: `the bytes of snapshot ${found.rollingBackTo} are being put back, or that was interrupted: ${rollbackTodo}`,
    };
  if (found.phase === "live" && found.kind === "volume" && image.id !== undefined && seen.trash.includes(image.id))
    return {
      health: "damaged",
      problem: `image ${image.name} is in the cluster's trash; fsck with repair restores it`,
    };
  if (isTakenOut(found, seen))
    return {
      health: "damaged",
      problem: `image ${image.name} is outside of the cluster's trash, where clients can open it; fsck with repair puts it back`,
    };
  return undefined;
}

/** Whether the image of a volume in the trash is outside of the cluster's trash, with nothing live that would need it there. */
export function isTakenOut({ phase, kind, image: { id } }: Entry, { found, trash, live }: Seen): boolean {
  if (phase !== "trashed" || kind !== "volume" || id === undefined) return false;
  return id in found && !trash.includes(id) && !live.has(id);
}

/** The image of a volume; of a snapshot the image and the number of the snapshot in it. Of shares see `shareCarrier`. */
export function carrierOf(found: Entry): string {
  const { image, snapshot, subvolume } = found;
  if (subvolume) return shareCarrier(found);
  return snapshot ? `${image.id}@${snapshot.id}` : `${image.id}`;
}

type Reach = Omit<Extract<Connection, { type: "rbd" }>, "type" | "image">;

export function storedObject(found: ReadEntry, seen: Seen, reach: Reach): StoredObject {
  const { record, phase, kind, image } = found;
  const [imageSize] = (image.id === undefined ? undefined : seen.found[image.id]) ?? [];
  const size = kind === "share" ? quotaOf(found, seen.shares) : imageSize;
  const share = phase === "live" && kind === "share" ? shareConnection(found, seen.shares) : undefined;
  return {
    record: structuredClone(record),
    phase,
    ...(problemOf(found, seen) ?? { health: "ready" as const }),
    ...(found.rollingBackTo === undefined ? {} : { rollingBackTo: found.rollingBackTo }),
    actualSizeBytes: kind === "snapshot" ? record.sizeBytes : (size ?? record.sizeBytes),
    ...(phase === "live" && kind === "volume"
      ? { connection: { type: "rbd" as const, ...reach, image: image.name } }
      : {}),
    ...(share ? { connection: share } : {}),
  };
}

/** An object that was just written, as it is now. */
export async function lookAt(pool: OpenPool, found: ReadEntry): Promise<StoredObject> {
  const [seen, reach] = await afterCommit(Promise.all([seeAll(pool, [found]), reachOf(pool)]));
  return storedObject(found, seen, reach);
}

/** How volumes of a pool are reached. */
export async function reachOf(pool: OpenPool): Promise<Reach> {
  const { options, cluster } = pool.site;
  const [user, monitors] = await Promise.all([
    pool.table.read((transaction) => transaction.get(userKey)),
    options.monitors ?? cluster.monitors().then((addresses) => [addresses]),
  ]);
  return { pool: pool.name, monitors, ...(typeof user === "string" ? { user } : {}) };
}

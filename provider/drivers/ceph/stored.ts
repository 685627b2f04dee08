import type { Connection } from "../../model/volume";
import type { StoredObject } from "../driver";
import type { ImagesFound } from "./cluster";
import { type Entry, type ReadEntry, userKey } from "./entry";
import type { OpenPool } from "./openPool";

/** What is wrong with the bytes of an object, as the cluster shows them; undefined where nothing is. */
export function problemOf(
  found: Entry,
  seen: ImagesFound,
): { health: "missing" | "damaged" | "copied"; problem: string } | undefined {
  if (found.phase === "creating" || found.phase === "purging") return undefined;
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
      problem: `putting back the bytes of snapshot ${found.rollingBackTo} was interrupted; roll back to it again`,
    };
  if (found.phase === "live" && found.kind === "volume" && image.id !== undefined && seen.trash.includes(image.id))
    return {
      health: "damaged",
      problem: `image ${image.name} is in the cluster's trash; fsck with repair restores it`,
    };
  return undefined;
}

/** The image of a volume; of a snapshot the image and the number of the snapshot in it. */
export function carrierOf({ image, snapshot }: Entry): string {
  return snapshot ? `${image.id}@${snapshot.id}` : `${image.id}`;
}

type Reach = Omit<Extract<Connection, { type: "rbd" }>, "type" | "image">;

export function storedObject(found: ReadEntry, seen: ImagesFound, reach: Reach): StoredObject {
  const { record, phase, kind, image } = found;
  const [imageSize] = (image.id === undefined ? undefined : seen.found[image.id]) ?? [];
  return {
    record: structuredClone(record),
    phase,
    ...(problemOf(found, seen) ?? { health: "ready" as const }),
    actualSizeBytes: kind === "snapshot" ? record.sizeBytes : (imageSize ?? record.sizeBytes),
    ...(phase === "live" && kind === "volume"
      ? { connection: { type: "rbd" as const, ...reach, image: image.name } }
      : {}),
  };
}

/** An object as it is now. */
export async function lookAt(pool: OpenPool, found: ReadEntry): Promise<StoredObject> {
  const { cluster } = pool.site;
  const [seen, reach] = await Promise.all([
    cluster.images(pool.id, found.image.id === undefined ? [] : [found.image.id]),
    reachOf(pool),
  ]);
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

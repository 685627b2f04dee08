import { ioTuneOf } from "../../model/qos";
import type { ObjectSettings } from "../record";
import type { ImagesFound } from "./cluster";
import { findEntry, type ReadEntry } from "./entry";
import type { OpenPool } from "./openPool";

/** The limits that librbd keeps, by the words of hypervisors. What bursts is lifted for a second unless it is said how long. */
const options = {
  total_iops_sec: "rbd_qos_iops_limit",
  read_iops_sec: "rbd_qos_read_iops_limit",
  write_iops_sec: "rbd_qos_write_iops_limit",
  total_bytes_sec: "rbd_qos_bps_limit",
  read_bytes_sec: "rbd_qos_read_bps_limit",
  write_bytes_sec: "rbd_qos_write_bps_limit",
  total_iops_sec_max: "rbd_qos_iops_burst",
  read_iops_sec_max: "rbd_qos_read_iops_burst",
  write_iops_sec_max: "rbd_qos_write_iops_burst",
  total_bytes_sec_max: "rbd_qos_bps_burst",
  read_bytes_sec_max: "rbd_qos_read_bps_burst",
  write_bytes_sec_max: "rbd_qos_write_bps_burst",
  total_iops_sec_max_length: "rbd_qos_iops_burst_seconds",
  read_iops_sec_max_length: "rbd_qos_read_iops_burst_seconds",
  write_iops_sec_max_length: "rbd_qos_write_iops_burst_seconds",
  total_bytes_sec_max_length: "rbd_qos_bps_burst_seconds",
  read_bytes_sec_max_length: "rbd_qos_read_bps_burst_seconds",
  write_bytes_sec_max_length: "rbd_qos_write_bps_burst_seconds",
} as const;

/** What librbd's words for the limits of an object say; undefined of those that it has not. */
function limitsOf({ qos = {} }: ObjectSettings): Record<string, string | undefined> {
  const limits = ioTuneOf(qos);
  return Object.fromEntries(
    Object.entries(options).map(([key, option]) => {
      const limit = limits[key as keyof typeof options];
      return [option, limit === undefined ? undefined : String(Math.ceil(limit))];
    }),
  );
}

/** Whether an image is held to just the limits that its record says. */
export function isLimited({ image, record }: ReadEntry, { found }: ImagesFound): boolean {
  const [, , seen] = (image.id === undefined ? undefined : found[image.id]) ?? [];
  if (!seen) return true;
  const wanted = limitsOf(record.settings ?? {});
  return Object.keys(wanted).every((option) => seen[option] === wanted[option]);
}

/** Has every client of an image that uses librbd keep to its limits, those that have it open too. Limits that are not given go. */
export async function limitImage(pool: OpenPool, image: string, settings: ObjectSettings): Promise<void> {
  const set = Object.fromEntries(Object.entries(limitsOf(settings)).map(([option, limit]) => [option, limit ?? null]));
  await pool.site.cluster.configureImage(pool.id, image, set);
}

/** How often limits that somebody else sets meanwhile are set again. */
const longestContest = 5;

/**
 * Brings the image of a volume to the limits in its record, also those that were recorded before and came to nothing. Of two who change
 * them at once, the one who sets them last looks at the record again.
 */
export async function enforceLimits(pool: OpenPool, volume: ReadEntry): Promise<void> {
  const { id } = volume.image;
  if (volume.kind !== "volume" || id === undefined) return;
  for (
    let [current, round]: [ReadEntry | undefined, number] = [volume, 0];
    current && round < longestContest;
    round += 1
  ) {
    if (isLimited(current, await pool.site.cluster.images(pool.id, [id]))) return;
    await limitImage(pool, id, current.record.settings ?? {});
    current = await pool.table.read((transaction) => {
      const found = findEntry(transaction, volume.uid);
      return found?.phase === "live" && found.record ? { ...found, record: found.record } : undefined;
    });
  }
}

import { ioTuneOf } from "../../model/qos";
import type { ObjectSettings } from "../record";
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

/** Has every client of an image that uses librbd keep to its limits, those that have it open too. Limits that are not given go. */
export async function limitImage(pool: OpenPool, image: string, { qos = {} }: ObjectSettings): Promise<void> {
  const limits = ioTuneOf(qos);
  const set = Object.fromEntries(
    Object.entries(options).map(([key, option]) => {
      const limit = limits[key as keyof typeof options];
      return [option, limit === undefined ? null : String(Math.ceil(limit))];
    }),
  );
  await pool.site.cluster.configureImage(pool.id, image, set);
}

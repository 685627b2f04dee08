import { z } from "zod";
import { byteRate, bytesPerSecond } from "./quantity";

const operations = z
  .int({ error: "expected a whole number of operations a second" })
  .min(1, { error: "at least 1 operation a second" })
  .max(1_000_000_000, { error: "at most 1000000000 operations a second" });

/** Whether a total and one of its parts are both limited: hypervisors take one or the other. */
function isTotalAndPart(qos: Readonly<Record<string, unknown>>, total: string, ...parts: string[]): boolean {
  return qos[total] !== undefined && parts.some((part) => qos[part] !== undefined);
}

/** The limits that may burst, with the limit that each lifts. */
const bursts = {
  burstIops: "iops",
  burstReadIops: "readIops",
  burstWriteIops: "writeIops",
  burstThroughput: "throughput",
  burstReadThroughput: "readThroughput",
  burstWriteThroughput: "writeThroughput",
} as const;

/** Limits of a disk. A total (`iops`, `throughput`) excludes its parts. What the backend cannot enforce is in the volume's `connection`, for the hypervisor. */
export const qos = z
  .strictObject({
    /** Operations a second, reads and writes together. */
    iops: operations.optional(),
    /** Read operations a second. */
    readIops: operations.optional(),
    /** Write operations a second. */
    writeIops: operations.optional(),
    /** Bytes a second, reads and writes together, such as "200MiB/s". */
    throughput: byteRate.optional(),
    /** Bytes read a second. */
    readThroughput: byteRate.optional(),
    /** Bytes written a second. */
    writeThroughput: byteRate.optional(),
    /** What `iops` may rise to for `burstSeconds`. */
    burstIops: operations.optional(),
    /** What `readIops` may rise to for `burstSeconds`. */
    burstReadIops: operations.optional(),
    /** What `writeIops` may rise to for `burstSeconds`. */
    burstWriteIops: operations.optional(),
    /** What `throughput` may rise to for `burstSeconds`. */
    burstThroughput: byteRate.optional(),
    /** What `readThroughput` may rise to for `burstSeconds`. */
    burstReadThroughput: byteRate.optional(),
    /** What `writeThroughput` may rise to for `burstSeconds`. */
    burstWriteThroughput: byteRate.optional(),
    /** How long a burst may last, in seconds. Default 1. */
    burstSeconds: z.int({ error: "expected whole seconds" }).min(1).max(3600).optional(),
  })
  .superRefine((limits, context) => {
    const say = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (isTotalAndPart(limits, "iops", "readIops", "writeIops"))
      say("iops", "give iops, or readIops and writeIops, not both");
    if (isTotalAndPart(limits, "throughput", "readThroughput", "writeThroughput"))
      say("throughput", "give throughput, or readThroughput and writeThroughput, not both");
    for (const [burst, base] of Object.entries(bursts) as [keyof typeof bursts, (typeof bursts)[keyof typeof bursts]][])
      checkBurst(limits[burst], limits[base], burst, base, say);
    if (limits.burstSeconds !== undefined && Object.keys(bursts).every((burst) => !(burst in limits)))
      say("burstSeconds", "there is no burst to last: give burstIops or another burst limit");
  });
export type Qos = z.infer<typeof qos>;

function checkBurst(
  burst: number | string | undefined,
  base: number | string | undefined,
  name: string,
  baseName: string,
  say: (path: string, message: string) => void,
): void {
  if (burst === undefined) return;
  if (base === undefined) say(name, `lifts ${baseName}, which is not limited; give ${baseName} too`);
  else if (amountOf(burst) < amountOf(base))
    say(name, `is less than ${baseName}; a burst is at least the limit it lifts`);
}

/** A limit as a number; one that is not valid is reported by its own schema, so it compares as nothing here. */
function amountOf(limit: number | string): number {
  return typeof limit === "number" ? limit : (bytesPerSecond(limit) ?? Number.NaN);
}

/** Limits in the words and units of libvirt's `<iotune>` and QEMU's throttling: operations and bytes a second, seconds. */
export const ioTune = z.partialRecord(
  z.enum([
    "total_iops_sec",
    "read_iops_sec",
    "write_iops_sec",
    "total_bytes_sec",
    "read_bytes_sec",
    "write_bytes_sec",
    "total_iops_sec_max",
    "read_iops_sec_max",
    "write_iops_sec_max",
    "total_bytes_sec_max",
    "read_bytes_sec_max",
    "write_bytes_sec_max",
    "total_iops_sec_max_length",
    "read_iops_sec_max_length",
    "write_iops_sec_max_length",
    "total_bytes_sec_max_length",
    "read_bytes_sec_max_length",
    "write_bytes_sec_max_length",
  ]),
  z.number(),
);
export type IoTune = z.infer<typeof ioTune>;

const tuned = {
  iops: "total_iops_sec",
  readIops: "read_iops_sec",
  writeIops: "write_iops_sec",
  throughput: "total_bytes_sec",
  readThroughput: "read_bytes_sec",
  writeThroughput: "write_bytes_sec",
} as const;

/** The limits for a consumer that enforces them. */
export function ioTuneOf(limits: Qos): IoTune {
  const result: IoTune = {};
  for (const [key, name] of Object.entries(tuned) as [keyof typeof tuned, (typeof tuned)[keyof typeof tuned]][]) {
    const limit = limits[key];
    if (limit !== undefined) result[name] = amountOf(limit);
  }
  for (const [burst, base] of Object.entries(bursts) as [keyof typeof bursts, (typeof bursts)[keyof typeof bursts]][]) {
    const limit = limits[burst];
    if (limit === undefined) continue;
    result[`${tuned[base]}_max`] = amountOf(limit);
    if (limits.burstSeconds !== undefined) result[`${tuned[base]}_max_length`] = limits.burstSeconds;
  }
  return result;
}

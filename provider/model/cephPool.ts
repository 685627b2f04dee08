import { z } from "zod";
import { canonicalJson } from "./kind";

/** What Ceph calls things: device classes, types of buckets. */
const cephWord = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, { error: "expected a word as Ceph has it, such as ssd" });

/** Into how many parts the data of an erasure-coded pool is cut, and how many of all can be lost. */
export const erasureCode = z.strictObject({
  /** Into how many parts data is cut. */
  dataChunks: z.int().min(2).max(32),
  /** How many parts are added, which is how many of all can be lost. */
  codingChunks: z.int().min(1).max(16),
});

/** How a pool of a `ceph` backend is made, or which pool of the cluster it is. Backends of other types do not heed it. */
export const cephPool = z
  .strictObject({
    /**
     * Take the cluster's own pool of this name as it is, in place of making one. Whatever others have in it is left alone, and it is
     * never removed: deleting the Pool takes KRStorage's records out of it again.
     */
    existing: z.boolean().optional(),
    /** How many copies are kept; of an erasure-coded pool, of what describes its images. Default: the backend's `replicas`. */
    replicas: z.int().min(1).max(10).optional(),
    /** Keep the data in this many parts and as many more that can be lost, each on another OSD, in place of whole copies. */
    erasureCode: erasureCode.optional(),
    /** Keep it on OSDs of this class alone, such as "ssd" or "hdd". */
    deviceClass: cephWord.optional(),
    /** What no two copies or parts share: "host", "rack", "osd". Default: the cluster's, of erasure-coded pools and of device classes "host". */
    failureDomain: cephWord.optional(),
    /** Whether the cluster chooses the number of placement groups, only warns, or neither. Default: the cluster's. */
    autoscale: z.enum(["on", "warn", "off"]).optional(),
    /** The number of placement groups to begin with. Default: the cluster's. */
    pgNum: z.int().min(1).max(65_536).optional(),
    /** Have the cluster itself hold the pool to its `capacity`, with all that snapshots keep. Where it is reached, no volume of the pool can be written to. */
    quota: z.boolean().optional(),
  })
  .refine(({ existing, ...made }) => !existing || Object.values(made).every((value) => value === undefined), {
    error: "a pool that exists is taken as it is; give existing alone",
  });
export type CephPool = z.infer<typeof cephPool>;

/** What can change while the pool is there. */
const changeable = new Set(["quota"]);

/** The settings that tell two pools apart: what is made once, and not changed. */
export function madeOtherwise(before: CephPool = {}, after: CephPool = {}): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof CephPool>;
  return [...keys].filter(
    (key) => !changeable.has(key) && canonicalJson(before[key] || undefined) !== canonicalJson(after[key] || undefined),
  );
}

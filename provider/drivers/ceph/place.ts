import { z } from "zod";
import type { PoolRecord } from "../record";

/** What a pool is in the cluster. Written once, when it is made or taken over, and never changed by anyone's settings. */
export const place = z.looseObject({
  /** The pool was there before, and what others have in it is theirs: it is never removed. */
  existing: z.literal(true).optional(),
  /** Of one that was there before: whether we have put our application on it. */
  marked: z.boolean().optional(),
  /** Where the data of images is, of an erasure-coded pool. */
  dataPool: z.looseObject({ id: z.int(), dataChunks: z.int(), codingChunks: z.int() }).optional(),
  deviceClass: z.string().optional(),
});
export type Place = z.infer<typeof place>;

/** A pool's record with what this driver keeps in it beside. */
export type CephPoolRecord = PoolRecord & {
  /** Nothing comes into the pool any more: the uid of the removal that is under way. */
  removing?: unknown;
  /** The cluster may still hold the pool to a quota of ours that its settings do not ask for any more. */
  quotaEnds?: boolean;
  place?: unknown;
};

/** What cannot be read is of a newer version, which may know reasons to leave the pool be: it counts as one that was there before. */
export function placeOf({ place: told }: CephPoolRecord): Place {
  if (told === undefined) return {};
  return place.safeParse(told).data ?? { existing: true };
}

/** The name of the pool that holds the data of an erasure-coded one, for life: nobody but us opens it by that. */
export const dataPoolName = (uid: string) => `krs-data.${uid}`;

export function dataPoolOf(record: CephPoolRecord): string | null {
  return placeOf(record).dataPool ? dataPoolName(record.uid) : null;
}

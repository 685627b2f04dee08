import { KrStorageError } from "../model/errors";
import { quote } from "../model/names";
import { type Instant, instantMs } from "./instant";

/** What retention needs to know of a snapshot. */
export interface RetentionSnapshot {
  readonly id: string;
  /** When it was taken. */
  readonly time: Instant;
  readonly tags?: readonly string[];
}

/** Snapshots from the newest to the oldest, with their times in milliseconds since 1970 UTC. */
export interface Sorted<Of extends RetentionSnapshot> {
  readonly snapshots: readonly Of[];
  readonly timesMs: Float64Array;
}

/** Below this, Array's own sort is quicker than counting. */
const fewSnapshots = 4096;
const digits = 2 ** 16;

/** Sorts newest first; of snapshots of one instant, the one whose id comes later. So the order in which they are given never matters. */
export function sortNewestFirst<Of extends RetentionSnapshot>(given: readonly Of[]): Sorted<Of> {
  const times = Float64Array.from(given, ({ id, time }) => instantMs(time, `the time of snapshot ${quote(id, 80)}`));
  const order = given.length < fewSnapshots ? sortFew(times) : sortMany(times);
  sortTies(order, times, given);
  return {
    snapshots: Array.from(order, (index) => given[index] as Of),
    timesMs: Float64Array.from(order, (index) => times[index] as number),
  };
}

function sortFew(times: Float64Array): Uint32Array {
  return Uint32Array.from(times.keys()).sort((a, b) => (times[b] as number) - (times[a] as number));
}

/** Radix sort, by 16 bits at a time: ten times as many snapshots take ten times as long. */
function sortMany(times: Float64Array): Uint32Array {
  let newest = Number.NEGATIVE_INFINITY;
  let oldest = Number.POSITIVE_INFINITY;
  for (const time of times) {
    if (time > newest) newest = time;
    if (time < oldest) oldest = time;
  }
  let order = Uint32Array.from(times.keys());
  let sorted = new Uint32Array(times.length);
  for (let unit = 1; unit <= newest - oldest; unit *= digits) {
    const starts = new Uint32Array(digits + 1);
    const digitOf = (index: number) => Math.floor((newest - (times[index] as number)) / unit) % digits;
    for (const index of order) (starts[digitOf(index) + 1] as number)++;
    for (let digit = 0; digit < digits; digit++)
      starts[digit + 1] = (starts[digit + 1] as number) + (starts[digit] as number);
    for (const index of order) {
      const digit = digitOf(index);
      sorted[(starts[digit] as number)++] = index;
    }
    [order, sorted] = [sorted, order];
  }
  return order;
}

function sortTies(order: Uint32Array, times: Float64Array, given: readonly RetentionSnapshot[]): void {
  const timeAt = (position: number) => times[order[position] as number];
  const idOf = (index: number) => (given[index] as RetentionSnapshot).id;
  for (let start = 0, end = 1; start < order.length; start = end++) {
    while (end < order.length && timeAt(end) === timeAt(start)) end++;
    if (end - start > 1) order.subarray(start, end).sort((a, b) => (idOf(a) < idOf(b) ? 1 : -1));
  }
}

/** INVALID_ARGUMENT if one id is both kept and removed: whoever acts on ids would remove what is to be kept. */
export function assertDistinct(kept: readonly { id: string }[], removed: readonly { id: string }[]): void {
  const [few, many] = kept.length < removed.length ? [kept, removed] : [removed, kept];
  const ids = new Set(few.map(({ id }) => id));
  const twice = many.find(({ id }) => ids.has(id));
  if (twice) throw new KrStorageError("INVALID_ARGUMENT", `two snapshots have the id ${quote(twice.id, 80)}`);
}

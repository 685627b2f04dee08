import { KrStorageError } from "../model/errors";
import { quote } from "../model/names";
import { type Instant, instantMs, readInstant } from "./instant";

/** What retention needs to know of a snapshot. */
export interface RetentionSnapshot {
  readonly id: string;
  /** When it was taken. */
  readonly time: Instant;
  readonly tags?: readonly string[];
}

/** The order of snapshots from the newest to the oldest. Numbers only: at a million snapshots, looking into each of them is what costs. */
export interface Order {
  /** Which of the given snapshots comes at each place. */
  readonly indexes: Uint32Array;
  /** When the snapshot at each place was taken, in milliseconds since 1970 UTC. */
  readonly timesMs: Float64Array;
}

/** Below this, Array's own sort is quicker than counting. */
const fewSnapshots = 4096;
const digits = 2 ** 14;

/** Sorts newest first; of snapshots of one instant, the one whose id comes later. So the order in which they are given never matters. */
export function sortNewestFirst(given: readonly RetentionSnapshot[]): Order {
  const times = readTimes(given);
  const order = given.length < fewSnapshots ? sortFew(times) : sortMany(times);
  sortTies(order, given);
  return order;
}

function readTimes(given: readonly RetentionSnapshot[]): Float64Array {
  const times = new Float64Array(given.length);
  for (let index = 0; index < given.length; index++) {
    const { id, time } = given[index] as RetentionSnapshot;
    times[index] = readInstant(time);
    if (Number.isNaN(times[index])) instantMs(time, `the time of snapshot ${quote(id, 80)}`);
  }
  return times;
}

function sortFew(times: Float64Array): Order {
  const indexes = Uint32Array.from(times.keys()).sort((a, b) => (times[b] as number) - (times[a] as number));
  return { indexes, timesMs: Float64Array.from(indexes, (index) => times[index] as number) };
}

/** Radix sort, by 14 bits at a time: ten times as many snapshots take ten times as long. Three rounds are enough for 139 years. */
function sortMany(times: Float64Array): Order {
  const newest = times.reduce((a, b) => Math.max(a, b));
  const oldest = times.reduce((a, b) => Math.min(a, b));
  let from: Order = { indexes: new Uint32Array(times.length).map((_zero, index) => index), timesMs: times };
  let to = emptyOrder(times.length);
  for (let unit = 1; unit <= newest - oldest; unit *= digits) {
    sortByDigit(from, to, newest, unit);
    [from, to] = [to, from];
  }
  return from;
}

function emptyOrder(length: number): Order {
  return { indexes: new Uint32Array(length), timesMs: new Float64Array(length) };
}

function sortByDigit(from: Order, to: Order, newest: number, unit: number): void {
  const starts = new Uint32Array(digits + 1);
  for (let place = 0; place < from.timesMs.length; place++) {
    const digit = digitOf(newest - (from.timesMs[place] as number), unit);
    starts[digit + 1] = (starts[digit + 1] as number) + 1;
  }
  for (let digit = 0; digit < digits; digit++) {
    starts[digit + 1] = (starts[digit + 1] as number) + (starts[digit] as number);
  }
  for (let place = 0; place < from.timesMs.length; place++) {
    const timeMs = from.timesMs[place] as number;
    const digit = digitOf(newest - timeMs, unit);
    const next = starts[digit] as number;
    starts[digit] = next + 1;
    to.timesMs[next] = timeMs;
    to.indexes[next] = from.indexes[place] as number;
  }
}

/** `Math.floor(value / unit) % digits`, which is several times slower for numbers of more than 32 bits. */
function digitOf(value: number, unit: number): number {
  const whole = Math.floor(value / unit);
  return whole - Math.floor(whole / digits) * digits;
}

function sortTies({ indexes, timesMs }: Order, given: readonly RetentionSnapshot[]): void {
  const idOf = (index: number) => (given[index] as RetentionSnapshot).id;
  for (let start = 0, end = 1; start < indexes.length; start = end++) {
    while (end < indexes.length && timesMs[end] === timesMs[start]) end++;
    if (end - start > 1) indexes.subarray(start, end).sort((a, b) => (idOf(a) < idOf(b) ? 1 : -1));
  }
}

/** Some places of an order, as an order. */
export function pick(order: Order, places: Uint32Array): Order {
  if (places.length === order.indexes.length) return order;
  return {
    indexes: places.map((place) => order.indexes[place] as number),
    timesMs: Float64Array.from(places, (place) => order.timesMs[place] as number),
  };
}

/**
 * INVALID_ARGUMENT if one id is both kept and removed: whoever acts on ids would remove what is to be kept. `ids` are those of all snapshots,
 * kept and removed.
 */
export function assertDistinct(ids: readonly string[], kept: readonly WithId[], removed: readonly WithId[]): void {
  const few = kept.length < removed.length ? kept : removed;
  const known = new Set(few.map(({ id }) => id));
  let left = few.length;
  for (const id of ids) {
    if (known.has(id) && --left < 0)
      throw new KrStorageError("INVALID_ARGUMENT", `two snapshots have the id ${quote(id, 80)}`);
  }
}
interface WithId {
  readonly id: string;
}

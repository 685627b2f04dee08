import { type Order, pick, type RetentionSnapshot } from "./snapshots";
import { type Judging, judge, type Verdict } from "./survivors";

/** What a plan needs to know of a snapshot. */
export interface PlannedSnapshot extends RetentionSnapshot {
  /** The uid of the policy that took it. Absent: it was made by hand, and no policy touches it. */
  readonly owner?: string;
  /** Whether it is complete, of the consistency that was asked for, and its hooks went well. Default true. */
  readonly good?: boolean;
  /** Whether it is protected from deletion. */
  readonly protected?: boolean;
  /** Who holds it: a backup, a clone or an export that is reading it. */
  readonly holds?: readonly string[];
  /** What was cloned from it and still needs it. */
  readonly clones?: readonly string[];
}

export interface Guarding extends Judging {
  /** The uid of the policy. */
  readonly owner: string;
  readonly keepAtLeast: number;
  readonly protectedIds: ReadonlySet<string>;
}

/** What is known of each snapshot, as bits, so that the passes after the first need not look into them again. */
const own = 1;
const good = 2;
const spared = 4;

/** The verdict on every snapshot, by its place in `order`: the bare rule over what the policy counts, then the guards over what it would remove. */
export function guard(given: readonly PlannedSnapshot[], order: Order, guarding: Guarding): Verdict[] {
  const flags = readFlags(given, guarding);
  const flagsAt = (place: number) => flags[order.indexes[place] as number] as number;
  const counted = placesWhere(
    given.length,
    (place) => (flagsAt(place) & own) !== 0 && !isFuture(order, place, guarding),
  );
  const goodOnes = counted.every((place) => (flagsAt(place) & good) !== 0)
    ? counted
    : counted.filter((place) => (flagsAt(place) & good) !== 0);
  const verdicts = new Array<Verdict>(given.length).fill(notCounted);

  // First as if all were good, then the good ones by themselves: a bad one never takes the place of a good one.
  const passes = goodOnes.length === counted.length ? [goodOnes] : [counted, goodOnes];
  for (const places of passes) {
    judge(given, pick(order, places), guarding, (n, verdict) => {
      const place = places[n] as number;
      const before = verdicts[place];
      if (before === notCounted || typeof before === "string") verdicts[place] = verdict;
    });
  }
  keepNewestGood(verdicts, goodOnes, guarding.keepAtLeast);
  for (let place = 0; place < verdicts.length; place++) {
    const verdict = verdicts[place] as Verdict;
    if (verdict === notCounted)
      verdicts[place] = reasonNotCounted(given[order.indexes[place] as number] as PlannedSnapshot, guarding);
    else if (typeof verdict !== "string") continue;
    else if (goodOnes.length === 0) verdicts[place] = ["there is no good snapshot yet"];
    else if (flagsAt(place) & spared)
      verdicts[place] = reasonsToSpare(given[order.indexes[place] as number] as PlannedSnapshot, guarding);
    else if (!(flagsAt(place) & good)) verdicts[place] = `${verdict}; and it is not good`;
  }
  return verdicts;
}

function readFlags(given: readonly PlannedSnapshot[], { owner, protectedIds }: Guarding): Uint8Array {
  const flags = new Uint8Array(given.length);
  for (let index = 0; index < given.length; index++) {
    const snapshot = given[index] as PlannedSnapshot;
    const isSpared =
      snapshot.protected ||
      (snapshot.holds !== undefined && snapshot.holds.length > 0) ||
      (snapshot.clones !== undefined && snapshot.clones.length > 0) ||
      (protectedIds.size > 0 && protectedIds.has(snapshot.id));
    flags[index] =
      (snapshot.owner === owner ? own : 0) | (snapshot.good === false ? 0 : good) | (isSpared ? spared : 0);
  }
  return flags;
}

function placesWhere(length: number, isWanted: (place: number) => boolean): Uint32Array {
  const places = new Uint32Array(length);
  let count = 0;
  for (let place = 0; place < length; place++) if (isWanted(place)) places[count++] = place;
  return places.subarray(0, count);
}

function isFuture({ timesMs }: Order, place: number, { nowMs }: Guarding): boolean {
  return nowMs !== undefined && (timesMs[place] as number) > nowMs;
}

/** Stands for what the policy does not count, until it is said why. */
const notCounted: Verdict = [];

function reasonNotCounted(snapshot: PlannedSnapshot, { owner }: Guarding): string[] {
  if (snapshot.owner === undefined) return ["not by a policy"];
  return [snapshot.owner === owner ? "dated in the future" : `by another policy, ${snapshot.owner}`];
}

/** Keeps the newest good one, and further good ones from the newest back until `keepAtLeast` are kept. */
function keepNewestGood(verdicts: Verdict[], goodOnes: Uint32Array, keepAtLeast: number): void {
  const newest = goodOnes[0];
  if (newest !== undefined && typeof verdicts[newest] === "string") verdicts[newest] = ["the newest good snapshot"];
  let kept = goodOnes.reduce((count, place) => count + (typeof verdicts[place] === "string" ? 0 : 1), 0);
  for (const place of goodOnes) {
    if (kept >= keepAtLeast) return;
    if (typeof verdicts[place] !== "string") continue;
    verdicts[place] = [`at least ${keepAtLeast} are kept`];
    kept++;
  }
}

function reasonsToSpare(snapshot: PlannedSnapshot, { protectedIds }: Guarding): string[] {
  const { id, holds = [], clones = [] } = snapshot;
  return [
    ...(snapshot.protected || protectedIds.has(id) ? ["protected"] : []),
    ...(holds.length > 0 ? [`held by ${holds.join(", ")}`] : []),
    ...(clones.length > 0 ? [`cloned to ${clones.join(", ")}`] : []),
  ];
}

import { KrStorageError } from "../model/errors";
import { defaultKeepAtLeast } from "../model/snapshotPolicy";
import { periodNumbers } from "./buckets";
import { type Instant, instantMs } from "./instant";
import { type RetentionPolicy, readActingPolicy } from "./policy";
import { cutoffMs, type Rule, rulesOf, windowEnd } from "./rules";
import { openSchedule } from "./schedule";
import { runsIn } from "./slots";
import { type Periods, Sweep } from "./sweep";
import { openZone, type Zone } from "./zone";

export interface SimulateOptions {
  /** When the policy begins to run. */
  readonly from: Instant;
  /** For how many years, by the calendar; parts of one are allowed. */
  readonly years: number;
  /** The IANA zone of schedule and retention. Default "UTC". */
  readonly timezone?: string;
  /** How much of the data is written anew in a day: 0.05 is a twentieth. Needed for an estimate of space. */
  readonly changeRate?: number;
  /** As in the policy. Default 3. */
  readonly keepAtLeast?: number;
  /** Ends after this many runs, however long that is. Default 1,000,000. */
  readonly mostRuns?: number;
  /** Ends as soon as so many exist at once. Default: never. */
  readonly mostAtOnce?: number;
}

/** The life of one snapshot. */
export interface SimulatedSnapshot {
  readonly start: Date;
  /** When it is removed; absent if it outlives the simulation. */
  readonly end?: Date;
}

export interface Simulation {
  readonly from: Date;
  /** The end of the simulation; nothing is known of what is later. */
  readonly to: Date;
  /** Every snapshot ever taken, in order. */
  readonly snapshots: readonly SimulatedSnapshot[];
  /** The most that exist at once, counted before a run removes any: what the backend must bear. */
  readonly mostSnapshots: number;
  /** The most that one run removes. */
  readonly mostRemoved: number;
  readonly changeRate?: number;
}

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
  readonly changeRate: number | undefined;
}

const yearMs = 365.2425 * 86_400_000;
const never = Number.POSITIVE_INFINITY;

/**
 * Runs a policy in thought, on time and without failures: at every slot a snapshot is taken, then the retention is applied. What exists on
 * a date, and the gaps, are `simulatedAt`. INVALID_ARGUMENT for a policy that keeps nothing, or a schedule or zone that is none.
 */
export function simulate(policy: RetentionPolicy, schedule: string, options: SimulateOptions): Simulation {
  const { fromMs, toMs, changeRate } = readOptions(options);
  const zone = openZone(options.timezone ?? "UTC");
  const startsMs = firstOf(runsIn(openSchedule(schedule), zone, fromMs, toMs), options.mostRuns ?? 1_000_000);
  const rules = rulesOf(readActingPolicy(policy));
  const sweep = new Sweep(rules, periodsOfRuns(rules, startsMs, zone));
  const endsMs = new Float64Array(startsMs.length).fill(never);
  const keepAtLeast = options.keepAtLeast ?? defaultKeepAtLeast;
  let living: number[] = [];
  let mostSnapshots = 0;
  let mostRemoved = 0;

  for (let run = 0; run < startsMs.length; run++) {
    const nowMs = startsMs[run] as number;
    living.unshift(run);
    mostSnapshots = Math.max(mostSnapshots, living.length);
    if (mostSnapshots >= (options.mostAtOnce ?? never)) break;
    const windowMs = windowEnd(policy, nowMs, nowMs);
    const cutoffs = rules.map((rule) => cutoffMs(rule, windowMs, zone));
    const kept: number[] = [];
    const unwanted: number[] = [];
    sweep.start();
    for (let position = 0; position < living.length; position++) {
      const snapshot = living[position] as number;
      const isOldest = position === living.length - 1;
      const isKept = sweep.visit(snapshot, position, startsMs[snapshot] as number, cutoffs, isOldest) !== 0;
      (isKept ? kept : unwanted).push(snapshot);
    }
    const spared = unwanted.slice(0, Math.max(0, keepAtLeast - kept.length));
    const removed = unwanted.slice(spared.length);
    for (const snapshot of removed) endsMs[snapshot] = nowMs;
    mostRemoved = Math.max(mostRemoved, removed.length);
    living = spared.length === 0 ? kept : [...kept, ...spared].sort((a, b) => b - a);
  }
  return {
    from: new Date(fromMs),
    to: new Date(toMs),
    snapshots: Array.from(startsMs, (startMs, run) => life(startMs, endsMs[run] as number)),
    mostSnapshots,
    mostRemoved,
    ...(changeRate === undefined ? {} : { changeRate }),
  };
}

/** The periods of every run, worked out once: each is looked at again in every later run that it lives to see. */
function periodsOfRuns(rules: readonly Rule[], startsMs: Float64Array, zone: Zone): Periods {
  const numbers = periodNumbers(zone);
  return rules.map(({ unit }) => {
    if (unit === "last") return undefined;
    const periods = startsMs.map(numbers[unit]);
    return (run) => periods[run] as number;
  });
}

function life(startMs: number, endMs: number): SimulatedSnapshot {
  return endMs === never ? { start: new Date(startMs) } : { start: new Date(startMs), end: new Date(endMs) };
}

function firstOf(runs: Iterable<number>, most: number): Float64Array {
  const starts: number[] = [];
  for (const run of runs) {
    if (starts.length >= most) break;
    starts.push(run);
  }
  return Float64Array.from(starts);
}

function readOptions({ from, years, changeRate }: SimulateOptions): Range {
  const fromMs = instantMs(from, "from");
  if (!(years > 0 && years <= 1000))
    throw new KrStorageError("INVALID_ARGUMENT", `years is ${years}; it is more than 0 and at most 1000`);
  if (changeRate !== undefined && !(changeRate >= 0 && Number.isFinite(changeRate))) {
    throw new KrStorageError(
      "INVALID_ARGUMENT",
      `changeRate is ${changeRate}; it is the share of the data written anew in a day, such as 0.05`,
    );
  }
  const to = new Date(fromMs);
  to.setUTCFullYear(to.getUTCFullYear() + Math.floor(years));
  return { fromMs, toMs: to.getTime() + (years % 1) * yearMs, changeRate };
}

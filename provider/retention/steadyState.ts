import { defaultKeepAtLeast } from "../model/snapshotPolicy";
import type { RetentionPolicy } from "./policy";
import { readActingPolicy } from "./policy";
import { type Rule, rulesOf } from "./rules";
import { simulate } from "./simulate";
import { nextRuns } from "./slots";

export interface SteadyStateOptions {
  /** The IANA zone of schedule and retention. Default "UTC". */
  readonly timezone?: string;
  /** As in the policy. Default 3. */
  readonly keepAtLeast?: number;
  /** Counts no further. Default 1,000. */
  readonly upTo?: number;
}

/** Whoever keeps snapshots for longer than this is told what the first ten years need. */
const longestYears = 10;
/** Ten years of an @hourly policy are fewer runs; a denser one is reckoned by its counts from here on. */
const mostRuns = 100_000;
/** Any date would do. */
const from = "2023-01-01T00:00:00Z";
const yearMs = 365.2425 * 86_400_000;
const periodsInYear = { hourly: 8766, daily: 365.2425, weekly: 52.1775, monthly: 12, yearly: 1 };
const known = new Map<string, number>();
const mostKnown = 1000;

/**
 * How many snapshots of one target a policy has at the most within ten years, the one just taken included, when it runs as scheduled: what
 * the backend must bear. Remembered. INVALID_ARGUMENT for a policy that keeps nothing, or a schedule or zone that is none.
 */
export function steadyState(policy: RetentionPolicy, schedule: string, options: SteadyStateOptions = {}): number {
  const { timezone = "UTC", keepAtLeast = defaultKeepAtLeast, upTo = 1000 } = options;
  const key = JSON.stringify([policy, schedule, timezone, keepAtLeast, upTo]);
  const found = known.get(key);
  if (found !== undefined) return found;
  const rules = rulesOf(readActingPolicy(policy));
  const spans = rules.map((rule) => yearsOf(rule, schedule, timezone, upTo));
  const years = Math.min(longestYears, Math.max(...spans, 1 / 12));
  const simulation = simulate(policy, schedule, { from, years, timezone, keepAtLeast, mostRuns, mostAtOnce: upTo });
  const { mostSnapshots, snapshots } = simulation;
  const isCutShort = snapshots.length >= mostRuns && mostSnapshots < upTo;
  const later = isCutShort ? stillToCome(rules, years, snapshots.at(-1)?.start.getTime() ?? 0) : 0;
  const count = Math.min(upTo, mostSnapshots + later);
  if (known.size >= mostKnown) known.clear();
  known.set(key, count);
  return count;
}

/** After how many years a rule keeps as many as it ever will. */
function yearsOf({ unit, count, span }: Rule, schedule: string, timezone: string, upTo: number): number {
  if (span) return span.years + (span.months + 1) / 12 + span.days / 365 + span.hours / 8766;
  if (unit !== "last") return (count + 1) / periodsInYear[unit];
  const last = nextRuns(schedule, { from, timezone, count: Math.min(count, upTo) + 1 }).at(-1);
  return last ? (last.getTime() - Date.parse(from)) / yearMs : longestYears;
}

/** What the rules keep beyond the end of a simulation that had to stop early. A period that several rules keep counts for each. */
function stillToCome(rules: readonly Rule[], years: number, endMs: number): number {
  const simulated = (endMs - Date.parse(from)) / yearMs;
  return rules.reduce((sum, { unit, count, span }) => {
    if (unit === "last") return sum;
    const perYear = periodsInYear[unit];
    const wanted = span ? years * perYear : Math.min(count, years * perYear);
    return sum + Math.ceil(Math.max(0, wanted - simulated * perYear));
  }, 0);
}

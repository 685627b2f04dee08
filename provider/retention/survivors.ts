import { periodLabel, periodNumbers } from "./buckets";
import type { RetentionPolicy } from "./policy";
import { cutoffMs, type Rule, rulesOf, windowEnd } from "./rules";
import type { Order, RetentionSnapshot } from "./snapshots";
import { type Periods, Sweep } from "./sweep";
import type { Zone } from "./zone";

/** What the bare rule says of one snapshot: why it is kept, or, as one text, why it is not. */
export type Verdict = readonly string[] | string;

const none: readonly string[] = [];

/** The bare rule over snapshots from the newest to the oldest: tells the verdict on each, by its place in `order`. */
export function judge(
  given: readonly RetentionSnapshot[],
  order: Order,
  { policy, zone, nowMs }: Judging,
  tell: (place: number, verdict: Verdict) => void,
): void {
  const { indexes, timesMs } = order;
  const rules = rulesOf(policy);
  const newestMs = nowMs === undefined ? timesMs[0] : timesMs.find((time) => time <= nowMs);
  const endMs = windowEnd(policy, newestMs, nowMs);
  const cutoffs = rules.map((rule) => cutoffMs(rule, endMs, zone));
  const sweep = new Sweep(rules, periodsOf(rules, zone));
  const refusal = refusals(rules, policy, sweep, zone);
  const tags = policy.keepTags ?? [];

  sweep.start();
  for (let place = 0; place < timesMs.length; place++) {
    const timeMs = timesMs[place] as number;
    const byTags = tags.length === 0 ? none : tagReasons(tags, given[indexes[place] as number] as RetentionSnapshot);
    const kept = sweep.visit(place, place, timeMs, cutoffs, place === timesMs.length - 1);
    if (kept === 0) tell(place, byTags.length === 0 ? refusal(timeMs) : byTags);
    else
      tell(place, [
        ...byTags,
        ...rules.flatMap((rule, n) =>
          isIn(kept, n) ? [keptReason(rule, place, timeMs, zone, isIn(sweep.oldest, n))] : none,
        ),
      ]);
  }
}

/** What a verdict depends on beside the snapshots. */
export interface Judging {
  readonly policy: RetentionPolicy;
  readonly zone: Zone;
  /** In milliseconds; undefined where nothing is in the future. */
  readonly nowMs: number | undefined;
}

function isIn(bits: number, n: number): boolean {
  return (bits & (1 << n)) !== 0;
}

function periodsOf(rules: readonly Rule[], zone: Zone): Periods {
  const numbers = periodNumbers(zone);
  return rules.map(({ unit }) => (unit === "last" ? undefined : (_row, timeMs) => numbers[unit](timeMs)));
}

function tagReasons(lists: readonly (readonly string[])[], { tags }: RetentionSnapshot): string[] {
  if (!tags || tags.length === 0) return [];
  return lists.filter((list) => list.every((tag) => tags.includes(tag))).map((list) => `tags ${list.join(", ")}`);
}

function keptReason(
  { unit, count, name, span }: Rule,
  position: number,
  timeMs: number,
  zone: Zone,
  isOldest: boolean,
): string {
  if (unit === "last") return span ? name : Number.isFinite(count) ? `last ${position + 1} of ${count}` : name;
  const within = span ? ` within ${span.text}` : "";
  if (isOldest) return `oldest ${unit} ${periodLabel("daily", timeMs, zone)}${within}`;
  return `${unit} ${periodLabel(unit, timeMs, zone)}${within}`;
}

/** Why a snapshot is not kept. Neighbours mostly share the reason, so it is worded only when something has changed. */
function refusals(
  rules: readonly Rule[],
  policy: RetentionPolicy,
  sweep: Sweep,
  zone: Zone,
): (timeMs: number) => string {
  const untagged = (policy.keepTags ?? []).length > 0 ? ["none of the tags"] : [];
  let version = -1;
  let text = "";
  return (timeMs) => {
    if (version === sweep.version) return text;
    version = sweep.version;
    const parts = rules.map((rule, n) => refusedReason(rule, n, sweep, timeMs, zone));
    const all = [...untagged, ...parts];
    text = all.length === 0 ? "the policy has no rule that keeps anything" : `not kept: ${all.join("; ")}`;
    return text;
  };
}

function refusedReason({ unit, name, span }: Rule, n: number, sweep: Sweep, timeMs: number, zone: Zone): string {
  if (!sweep.isOpen(n)) return `older than ${name}`;
  if (sweep.isFull(n) || unit === "last") return `${name} used up by newer ones`;
  return `${unit} ${periodLabel(unit, timeMs, zone)} has a newer one${span ? ` (${name})` : ""}`;
}

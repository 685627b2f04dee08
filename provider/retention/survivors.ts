import { type Period, periodLabel, periodNumbers } from "./buckets";
import type { RetentionPolicy } from "./policy";
import { cutoffMs, type Rule, rulesOf, windowEnd } from "./rules";
import type { RetentionSnapshot, Sorted } from "./snapshots";
import { Sweep } from "./sweep";
import type { Zone } from "./zone";

/** What the bare rule says of one snapshot: why it is kept, or, as one text, why it is not. */
export type Verdict = readonly string[] | string;

/** The bare rule over snapshots that are sorted from the newest: a verdict for each, in the same order. */
export function judge(
  sorted: Sorted<RetentionSnapshot>,
  policy: RetentionPolicy,
  zone: Zone,
  nowMs: number | undefined,
): Verdict[] {
  const { snapshots, timesMs } = sorted;
  const rules = rulesOf(policy);
  const newestMs = nowMs === undefined ? timesMs[0] : timesMs.find((time) => time <= nowMs);
  const endMs = windowEnd(policy, newestMs, nowMs);
  const cutoffs = rules.map((rule) => cutoffMs(rule, endMs, zone));
  const sweep = new Sweep(rules, columnsOf(rules, timesMs, zone));
  const refusal = refusals(rules, policy, sweep, zone);
  const tags = policy.keepTags ?? [];

  sweep.start();
  return snapshots.map((snapshot, position) => {
    const timeMs = timesMs[position] as number;
    const byTags = tags.length === 0 ? [] : tagReasons(tags, snapshot);
    const kept = sweep.visit(position, position, timeMs, cutoffs, position === snapshots.length - 1);
    if (kept === 0) return byTags.length === 0 ? refusal(timeMs) : byTags;
    const byRules = rules.flatMap((rule, n) =>
      kept & (1 << n) ? [keptReason(rule, position, timeMs, zone, (sweep.oldest & (1 << n)) !== 0)] : [],
    );
    return [...byTags, ...byRules];
  });
}

/** The periods of many instants, worked out once for every unit that a rule uses. */
export function columnsOf(rules: readonly Rule[], timesMs: Float64Array, zone: Zone): (Float64Array | undefined)[] {
  const numbers = periodNumbers(zone);
  const columns = new Map<Period, Float64Array>();
  return rules.map(({ unit }) => {
    if (unit === "last") return undefined;
    const column = columns.get(unit) ?? timesMs.map(numbers[unit]);
    columns.set(unit, column);
    return column;
  });
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

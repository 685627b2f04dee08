import { nextRuns, slotsBetween } from "../../provider/retention";

/** When a schedule last ran or should have, and when it runs next; ms since 1970. */
export interface SlotTimes {
  /** Undefined before the first run within `longestSearchMs`. */
  readonly latestMs: number | undefined;
  readonly nextMs: number | undefined;
}

interface Scheduled {
  readonly schedule: string;
  readonly timezone: string;
}

const dayMs = 86_400_000;
/** A schedule of leap days runs at the most eight years apart. */
const longestSearchMs = 9 * 366 * dayMs;
const firstSearchMs = 65 * 60_000;
const mostKnown = 2000;
/** Of an answer that is right from `latestMs` up to `nextMs`, so that looking again costs nothing. */
const known = new Map<string, SlotTimes & { fromMs: number }>();

/** The slot that an instant lies in, and the next one. Remembered for each schedule and zone until the next slot begins. */
export function slotTimes(policy: Scheduled, atMs: number): SlotTimes {
  const key = `${policy.timezone} ${policy.schedule}`;
  const found = known.get(key);
  if (found && atMs >= found.fromMs && atMs < (found.nextMs ?? Number.POSITIVE_INFINITY)) return found;
  const latestMs = latestRun(policy, atMs);
  const nextMs = nextRuns(policy.schedule, { from: atMs, timezone: policy.timezone })[0]?.getTime();
  if (known.size >= mostKnown) known.clear();
  const times = { latestMs, nextMs, fromMs: latestMs ?? atMs };
  known.set(key, times);
  return times;
}

function latestRun({ schedule, timezone }: Scheduled, atMs: number): number | undefined {
  // Begins short: every slot in the span is worked out, and most schedules run every hour or day
  for (let spanMs = firstSearchMs; ; spanMs *= 24) {
    const from = atMs - Math.min(spanMs, longestSearchMs);
    const latest = slotsBetween(schedule, { from, to: atMs + 1, timezone }).at(-1);
    if (latest || spanMs >= longestSearchMs) return latest?.start.getTime();
  }
}

/** How many slots begin after `afterMs`, up to and including `untilMs`; counted no further than `most`. */
export function slotsAfter({ schedule, timezone }: Scheduled, afterMs: number, untilMs: number, most: number): number {
  let count = 0;
  // In pieces: after years of downtime an hourly schedule has missed tens of thousands
  for (let from = afterMs + 1; from <= untilMs && count < most; ) {
    const next = nextRuns(schedule, { from: from - 1, timezone })[0]?.getTime();
    if (next === undefined || next > untilMs) return count;
    const to = Math.min(next + 32 * dayMs, untilMs + 1);
    count += slotsBetween(schedule, { from: next, to, timezone }).length;
    from = to;
  }
  return Math.min(count, most);
}

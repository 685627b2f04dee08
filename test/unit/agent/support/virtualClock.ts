import type { Clock } from "../../../../provider/drivers/driver";

export interface VirtualClock extends Clock {
  /** Lets time pass for everybody. */
  advance(ms: number): void;
  /** Moves time on to an instant, ISO 8601. */
  advanceTo(iso: string): void;
  /** Another clock of the same world, which is off by so much. */
  skewed(ms: number): Clock;
}

/** A clock that stands still until it is moved, so that a year takes as long as what happens in it. */
export function virtualClock(startIso: string): VirtualClock {
  let now = Date.parse(startIso);
  let uptime = 3_600_000;
  const clock: VirtualClock = {
    now: () => now,
    uptime: () => uptime,
    bootId: () => "boot-of-the-test",
    advance(ms) {
      now += ms;
      uptime += ms;
    },
    advanceTo: (iso) => clock.advance(Date.parse(iso) - now),
    skewed: (ms) => ({ now: () => now + ms, uptime: () => uptime, bootId: () => "boot-of-the-test" }),
  };
  return clock;
}

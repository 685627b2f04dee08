import type { Clock, DriverEnv } from "../drivers/driver";

/** What the suite does to time. */
export interface ClockControl {
  /** Lets time pass for everybody, the backend included. Where the backend's time cannot be moved: waits that long. */
  advance(ms: number): void | Promise<void>;
  /** Sets the caller's wall clock, and nothing else, forward or back. */
  jump(ms: number): void;
}

/** A clock that stands still until it is moved. It begins at a time of its own, so that a driver that asks the system is found out. */
export function testClock(): Clock & ClockControl {
  let now = Date.UTC(2031, 0, 1, 12);
  let uptime = 3_600_000;
  return {
    now: () => now,
    uptime: () => uptime,
    bootId: () => "boot-of-the-test",
    advance(ms) {
      now += ms;
      uptime += ms;
    },
    jump(ms) {
      now += ms;
    },
  };
}

/** What a driver under test is given of the world. */
export function testEnv(clock: Clock): DriverEnv {
  const silent = () => undefined;
  return { clock, log: { debug: silent, info: silent, warn: silent } };
}

import { setTimeout as wait } from "node:timers/promises";
import { systemClock } from "../../provider/drivers/clock";

/** How the agent waits. Tests put virtual time here. */
export interface AgentTiming {
  /** Wall clock, ms since 1970. */
  now(): number;
  /** Milliseconds that never jump. */
  uptime(): number;
  /** Waits; returns early, without an error, once the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Timers longer than this end at once. */
const longestTimerMs = 2 ** 31 - 1;

export const systemTiming: AgentTiming = {
  now: () => systemClock.now(),
  uptime: () => systemClock.uptime(),
  async sleep(ms, signal) {
    await wait(Math.min(ms, longestTimerMs), undefined, signal ? { signal } : {}).catch(() => undefined);
  },
};

import { setTimeout as wait } from "node:timers/promises";
import { systemClock } from "../../provider/drivers/clock";
import type { Clock } from "../../provider/drivers/driver";

/** What time it is, for the agent and for its drivers, and how it waits. Tests put virtual time here; no option does. */
export interface AgentTiming extends Clock {
  /** Waits; returns early, without an error, once the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Timers longer than this end at once. */
const longestTimerMs = 2 ** 31 - 1;

export const systemTiming: AgentTiming = {
  now: () => systemClock.now(),
  uptime: () => systemClock.uptime(),
  bootId: () => systemClock.bootId(),
  async sleep(ms, signal) {
    await wait(Math.min(ms, longestTimerMs), undefined, signal ? { signal } : {}).catch(() => undefined);
  },
};

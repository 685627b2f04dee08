import { setImmediate as nextTurn } from "node:timers/promises";
import type { AgentTiming } from "../../../../agent/daemon/timing";
import type { VirtualClock } from "./virtualClock";

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

/** Waiting in virtual time: whoever sleeps is woken as soon as everybody does, at the time that comes first. */
export class VirtualTiming implements AgentTiming {
  private sleepers: Sleeper[] = [];

  constructor(private readonly clock: VirtualClock) {}

  now(): number {
    return this.clock.now();
  }
  uptime(): number {
    return this.clock.uptime();
  }
  bootId(): string {
    return this.clock.bootId();
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const stop = () => this.wake(sleeper);
      const wake = () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      };
      const sleeper: Sleeper = { untilMs: this.clock.now() + ms, wake };
      this.sleepers.push(sleeper);
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  /** Lets virtual time pass, with so many loops that sleep between their turns. */
  async pass(ms: number, loops: number): Promise<void> {
    const endMs = this.clock.now() + ms;
    for (;;) {
      for (let turns = 0; this.sleepers.length < loops; turns += 1) {
        if (turns > 100_000) throw new Error("a loop of the agent does not come to rest");
        await nextTurn();
      }
      const [first] = this.sleepers.sort((a, b) => a.untilMs - b.untilMs);
      if (!first || first.untilMs > endMs) return this.clock.advance(endMs - this.clock.now());
      this.clock.advance(Math.max(0, first.untilMs - this.clock.now()));
      this.wake(first);
    }
  }

  private wake(sleeper: Sleeper): void {
    this.sleepers = this.sleepers.filter((other) => other !== sleeper);
    sleeper.wake();
  }
}

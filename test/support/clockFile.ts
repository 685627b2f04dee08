import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { AgentTiming } from "../../agent/daemon/timing";

/** The virtual machine has been up since then. */
const bootedMs = Date.parse("2020-01-01T00:00:00Z");
const lookEveryMs = 2;

/** A clock that stands still until a test moves it, in a file, so that all processes of the test have the same time. */
export class ClockFile {
  constructor(readonly path: string) {}

  now(): number {
    return Number(readFileSync(this.path, "latin1"));
  }
  set(ms: number): void {
    writeFileSync(`${this.path}.new`, String(ms));
    renameSync(`${this.path}.new`, this.path);
  }
}

/** Time as the file says it. `resting` is told, whenever somebody begins to wait, until when the one waits who is woken first. */
export function timingOf(clock: ClockFile, resting: (untilMs: number) => void): AgentTiming {
  const waiting = new Set<{ untilMs: number }>();
  return {
    now: () => clock.now(),
    uptime: () => clock.now() - bootedMs,
    bootId: () => "boot-of-the-test",
    async sleep(ms, signal) {
      const sleeper = { untilMs: clock.now() + ms };
      waiting.add(sleeper);
      resting(Math.min(...[...waiting].map(({ untilMs }) => untilMs)));
      while (clock.now() < sleeper.untilMs && !signal?.aborted) await wait(lookEveryMs);
      waiting.delete(sleeper);
    },
  };
}

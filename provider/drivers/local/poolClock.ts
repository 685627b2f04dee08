import { z } from "zod";
import type { Clock } from "../driver";

/** What a pool remembers of time. `wall` was the time when the machine had been up for `uptime`. */
const anchor = z.object({ bootId: z.string(), uptime: z.number(), wall: z.number(), seen: z.number() });
export type ClockAnchor = z.infer<typeof anchor>;

/** How far the remembered time may lag: it is written along with other changes, not with each. */
const seenStepMs = 60_000;

/**
 * A pool's own clock. Within one boot it counts the machine's uptime from an anchor in the database, so a wall clock that
 * jumps moves nothing: stamps take the later of the two clocks, and expiry the earlier one. Both err towards keeping data.
 */
export class PoolClock {
  constructor(private readonly clock: Clock) {}

  /** This clock as it stands now: one change is stamped and judged by one moment, and the system is asked once. */
  stopped(): PoolClock {
    const [now, uptime] = [this.clock.now(), this.clock.uptime()];
    return new PoolClock({ now: () => now, uptime: () => uptime, bootId: () => this.clock.bootId() });
  }

  /** The anchor for a pool that is being made. */
  first(): ClockAnchor {
    const wall = this.clock.now();
    return { bootId: this.clock.bootId(), uptime: this.clock.uptime(), wall, seen: wall };
  }

  /** For stamps: never earlier than what this pool has stamped in this boot. */
  now(anchored: ClockAnchor): number {
    return Math.floor(Math.max(this.clock.now(), this.trusted(anchored, this.elapsedMs(anchored))));
  }

  /** For deciding that something has expired: no clock that has run ahead may end data. */
  forExpiry(anchored: ClockAnchor): number {
    return Math.floor(Math.min(this.clock.now(), this.trusted(anchored, this.elapsedMs(anchored))));
  }

  /** The anchor to write along with a change, or undefined if the written one is recent enough. */
  renewed(anchored: ClockAnchor): ClockAnchor | undefined {
    const elapsedMs = this.elapsedMs(anchored);
    // Not the stamps' time: a wall clock that was ahead once would be remembered for ever
    const now = Math.floor(this.trusted(anchored, elapsedMs));
    if (elapsedMs !== undefined) return now - anchored.seen < seenStepMs ? undefined : { ...anchored, seen: now };
    return { bootId: this.clock.bootId(), uptime: this.clock.uptime(), wall: now, seen: now };
  }

  private trusted(anchored: ClockAnchor, elapsedMs: number | undefined): number {
    // After a new boot nothing is known but that time has not gone back
    return elapsedMs === undefined ? Math.max(this.clock.now(), anchored.seen) : anchored.wall + elapsedMs;
  }

  /** The time since the anchor was written; undefined where that was in another boot. */
  private elapsedMs(anchored: ClockAnchor): number | undefined {
    const elapsedMs = this.clock.uptime() - anchored.uptime;
    return anchored.bootId === this.clock.bootId() && elapsedMs >= 0 ? elapsedMs : undefined;
  }
}

/** Reads a stored anchor; undefined if it cannot be read. */
export function parseAnchor(text: string): ClockAnchor | undefined {
  try {
    return anchor.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

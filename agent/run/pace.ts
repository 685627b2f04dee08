/** How fast snapshots may be removed from one backend. Deleting is dear on many: a thousand at once would stand in the way of everybody. */
export interface PaceOptions {
  /** How many a second, in the long run. */
  readonly perSecond: number;
  /** How many at once after a quiet time. */
  readonly burst: number;
}

export interface Timing {
  /** Milliseconds that never jump. */
  uptime(): number;
  sleep(ms: number): Promise<void>;
}

/** A token bucket: `turn()` waits until one more may go. */
export class Pace {
  private tokens: number;
  private filledAtMs: number;

  constructor(
    private readonly options: PaceOptions,
    private readonly timing: Timing,
  ) {
    this.tokens = options.burst;
    this.filledAtMs = timing.uptime();
  }

  async turn(): Promise<void> {
    const nowMs = this.timing.uptime();
    const { perSecond, burst } = this.options;
    this.tokens = Math.min(burst, this.tokens + ((nowMs - this.filledAtMs) / 1000) * perSecond) - 1;
    this.filledAtMs = nowMs;
    // Whoever comes next waits behind this one, since the tokens go below zero
    if (this.tokens < 0) await this.timing.sleep((-this.tokens / perSecond) * 1000);
  }
}

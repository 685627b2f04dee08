/** How large a part of the time looks may take while they come one after the other. */
const share = 0.05;
/** What looks may take beyond their share before one has to wait, ms. A delete or two never wait. */
const burstMs = 25;
/** The longest that a look waits for others to join it, ms. */
const longestWaitMs = 200;
/** As many who ask share the cost so well that their look never waits. */
const many = 4;

interface Asker<T> {
  resolve(seen: T): void;
  reject(error: unknown): void;
}

/**
 * A costly look that is shared. Each who asks gets one that begins after it asked, never an earlier one. Where hundreds ask one by one,
 * looks wait a moment for others to join, so that looking does not become what the process mostly does.
 */
export class SharedLook<T> {
  private askers: Asker<T>[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** What looks have taken beyond their share, as of `settledAt`. */
  private debtMs = 0;
  private settledAt: number;

  constructor(
    private readonly look: () => T,
    /** A clock that never jumps, ms. */
    private readonly now: () => number = () => performance.now(),
  ) {
    this.settledAt = now();
  }

  ask(): Promise<T> {
    return new Promise((resolve, reject) => {
      this.askers.push({ resolve, reject });
      if (this.askers.length === 1) this.begin(this.waitMs());
      else if (this.askers.length === many && this.timer) this.begin(0);
    });
  }

  private begin(waitMs: number): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    // A turn of the event loop lets everything that is ready join
    if (waitMs === 0) setImmediate(() => this.lookNow());
    else this.timer = setTimeout(() => this.lookNow(), waitMs);
  }

  private lookNow(): void {
    this.timer = undefined;
    const askers = this.askers.splice(0);
    const startedAt = this.now();
    try {
      const seen = this.look();
      for (const asker of askers) asker.resolve(seen);
    } catch (error) {
      for (const asker of askers) asker.reject(error);
    }
    const tookMs = this.now() - startedAt;
    this.debtMs = Math.min(this.owedMs() + tookMs, burstMs + share * longestWaitMs);
  }

  private waitMs(): number {
    return Math.max(0, Math.ceil((this.owedMs() - burstMs) / share));
  }

  private owedMs(): number {
    const now = this.now();
    this.debtMs = Math.max(0, this.debtMs - share * (now - this.settledAt));
    this.settledAt = now;
    return this.debtMs;
  }
}

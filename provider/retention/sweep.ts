import type { Rule } from "./rules";

/**
 * The number of the period that a snapshot is in, by its row and its time: one function for each rule, undefined for a rule that takes every
 * snapshot by itself. Asked only while the rule still counts.
 */
export type Periods = readonly (((row: number, timeMs: number) => number) | undefined)[];

/**
 * One pass over snapshots from the newest to the oldest, which is the whole of restic's rule: every rule counts for itself, and keeps a
 * snapshot that is in an older period than the last one it kept, while its count lasts and its span reaches. While it still can, it also
 * keeps the very oldest snapshot, so that history does not get shorter until the rule is full.
 *
 * "In an older period" is "in another one" as long as time runs one way. Where clocks are set back over midnight (America/St_Johns until
 * 2011) a day comes, goes, and comes again; it is kept once.
 */
export class Sweep {
  /** Changes whenever the reasons for not keeping a snapshot may have changed. */
  version = 0;
  /** The rules that kept the snapshot visited last only because it is the oldest; bit n is rule n. */
  oldest = 0;
  private readonly last: Float64Array;
  private readonly left: Float64Array;
  private readonly open: Uint8Array;

  constructor(
    private readonly rules: readonly Rule[],
    private readonly periods: Periods,
  ) {
    this.last = new Float64Array(rules.length);
    this.left = new Float64Array(rules.length);
    this.open = new Uint8Array(rules.length);
  }

  /** Begins a pass. */
  start(): void {
    this.last.fill(Number.POSITIVE_INFINITY);
    this.open.fill(1);
    for (let n = 0; n < this.rules.length; n++) this.left[n] = (this.rules[n] as Rule).count;
  }

  /** Goes on to the next older snapshot: its row, its place from the newest, its time. Returns the rules that keep it, as bits. */
  visit(row: number, position: number, timeMs: number, cutoffsMs: ArrayLike<number>, isOldest: boolean): number {
    let kept = 0;
    this.oldest = 0;
    for (let n = 0; n < this.rules.length; n++) {
      if (!this.reaches(n, timeMs, cutoffsMs[n] as number)) continue;
      const periodOf = this.periods[n];
      const period = periodOf ? periodOf(row, timeMs) : -position;
      const isNew = period < (this.last[n] as number);
      if (!isNew && !isOldest) continue;
      kept |= 1 << n;
      if (!isNew) this.oldest |= 1 << n;
      this.last[n] = period;
      this.left[n] = (this.left[n] as number) - 1;
    }
    if (kept !== 0) this.version++;
    return kept;
  }

  /** Whether a rule has kept as many as it may. */
  isFull(n: number): boolean {
    return this.left[n] === 0;
  }

  /** Whether the span of a rule reaches back to where the pass is. */
  isOpen(n: number): boolean {
    return this.open[n] === 1;
  }

  private reaches(n: number, timeMs: number, cutoff: number): boolean {
    if (this.left[n] === 0) return false;
    if (timeMs > cutoff) return true;
    if (this.open[n] === 1) {
      this.open[n] = 0;
      this.version++;
    }
    return false;
  }
}

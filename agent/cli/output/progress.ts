import type { Progress } from "../../../provider/storage";
import { formatProgress, percentOf } from "../../../provider/storage/progress";

/** Where progress goes: standard error, never what a program reads. */
interface Stream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const stepPercent = 10;

/** Shows how far a copy is: one line that is written over on a terminal, otherwise a line every ten percent. */
export class ProgressLine {
  private lastPercent = -1;
  private isShown = false;

  constructor(private readonly stream: Stream) {}

  readonly show = (progress: Progress): void => {
    const percent = percentOf(progress);
    const text = formatProgress(progress);
    if (this.stream.isTTY === true) {
      this.stream.write(`\r${text}\u001b[K`);
      this.isShown = true;
    } else if (this.lastPercent < 0 || percent >= this.lastPercent + stepPercent || percent < this.lastPercent) {
      this.stream.write(`${text}\n`);
      this.lastPercent = percent;
    }
  };

  /** Takes the line away, before anything else is written. */
  end(): void {
    if (this.isShown) this.stream.write("\r\u001b[K");
    this.isShown = false;
  }
}

import { KrStorageError } from "../model/errors";

/** Lets at most `limit` actions run at once; the others wait in order, and may give up waiting. */
export class Limiter {
  private running = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly limit: number) {}

  async run<T>(signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
    if (this.running >= this.limit) await this.turn(signal);
    else this.running += 1;
    try {
      return await action();
    } finally {
      this.handOn();
    }
  }

  private turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.waiting.delete(start);
        reject(
          new KrStorageError("CANCELLED", "given up while waiting for other calls to the backend; nothing was changed"),
        );
      };
      const start = () => {
        signal?.removeEventListener("abort", giveUp);
        resolve();
      };
      if (signal?.aborted) return giveUp();
      signal?.addEventListener("abort", giveUp, { once: true });
      this.waiting.add(start);
    });
  }

  private handOn(): void {
    const [next] = this.waiting;
    if (!next) this.running -= 1;
    else {
      this.waiting.delete(next);
      next();
    }
  }
}

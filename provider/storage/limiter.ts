/** Lets at most `limit` actions run at once; the others wait in order. */
export class Limiter {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limit: number) {}

  async run<T>(action: () => Promise<T>): Promise<T> {
    if (this.running >= this.limit) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      return await action();
    } finally {
      const next = this.waiting.shift();
      if (next)
        next(); // hands its place on
      else this.running -= 1;
    }
  }
}

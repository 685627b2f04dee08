/**
 * Asks once for all who want to know while an earlier question is being answered: what each of them gets was asked for after it came,
 * so it is no older than an answer of its own would be. Where the earlier one fails, they have their answer: none waits for another time-out.
 */
export class Joined<Answer, Item = never> {
  private running: Promise<Answer> | undefined;
  private next: { items: Set<Item>; answer: Promise<Answer> } | undefined;

  /** `ask` is given what all of them want to know about. */
  constructor(private readonly ask: (items: Item[]) => Promise<Answer>) {}

  get(...items: Item[]): Promise<Answer> {
    if (!this.next) {
      const wanted = new Set<Item>();
      this.next = { items: wanted, answer: this.askAfterRunning(wanted) };
    }
    for (const item of items) this.next.items.add(item);
    return this.next.answer;
  }

  private async askAfterRunning(items: Set<Item>): Promise<Answer> {
    try {
      await this.running;
    } finally {
      this.next = undefined;
    }
    this.running = this.ask([...items]).finally(() => {
      this.running = undefined;
    });
    return this.running;
  }
}

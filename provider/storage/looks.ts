import type { Listing } from "../drivers/driver";
import { PoolView } from "./poolView";

/** How old a look may be to serve as advice, ms. Every change observes again under the backend's lock. */
export const maxLookAgeMs = 30_000;

interface Look {
  takenAt: number;
  view: Promise<PoolView>;
}

/**
 * The last list of each pool, shared by everyone in this process. One list per pool is under way at most, and what this
 * process writes itself is put in, so that hundreds of reads of one pool cost one call to its backend.
 */
export class Looks {
  private readonly looks = new Map<string, Look>();

  constructor(private readonly uptime: () => number) {}

  /** A list that is at most `maxAgeMs` old; with 0 one that is begun now. A failed list is not kept. */
  get(poolId: string, maxAgeMs: number, list: () => Promise<Listing>): Promise<PoolView> {
    const known = this.looks.get(poolId);
    if (known && maxAgeMs > 0 && this.uptime() - known.takenAt <= maxAgeMs) return known.view;
    const look: Look = { takenAt: this.uptime(), view: list().then((listing) => new PoolView(listing)) };
    this.looks.set(poolId, look);
    look.view.catch(() => {
      if (this.looks.get(poolId) === look) this.looks.delete(poolId);
    });
    return look.view;
  }

  /**
   * Puts what this process has just written into the last list, if there is one. A list under way gets it when it is there:
   * what has been written is done, so nobody waits for a list that may hang.
   */
  async note(poolId: string, change: (view: PoolView) => void): Promise<void> {
    const look = this.looks.get(poolId);
    if (!look) return;
    look.view = look.view.then((view) => {
      change(view);
      return view;
    });
    look.view.catch(() => undefined); // told to those who asked for the list
  }

  forget(poolId: string): void {
    this.looks.delete(poolId);
  }
}

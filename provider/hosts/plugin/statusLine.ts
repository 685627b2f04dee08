import type { Progress } from "../../drivers/driver";
import { formatProgress } from "../../storage/progress";

/** A copy tells how far it is more often than anybody can read it, and every message costs the engine something. */
const leastMsBetween = 1000;

/** Passes on how far a copy is: the first at once, later ones once a second, and none that says what the last one said. */
export function statusLine(send: (text: string) => void, now: () => number = Date.now): (progress: Progress) => void {
  let sentAt = Number.NEGATIVE_INFINITY;
  let last = "";
  return (progress) => {
    const at = now();
    const text = formatProgress(progress);
    if (at - sentAt < leastMsBetween || text === last) return;
    sentAt = at;
    last = text;
    send(text);
  };
}

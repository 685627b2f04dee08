import { KrStorageError } from "../model/errors";

/** The longest that a timer can run; one that is set longer ends at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Aborts after `ms`, however long that is. */
export function deadlineIn(ms: number): AbortSignal {
  return AbortSignal.timeout(Math.min(ms, longestTimerMs));
}

/** Aborts with the first of the signals that are given. */
export function anyOf(first: AbortSignal | undefined, second: AbortSignal): AbortSignal {
  return first ? AbortSignal.any([first, second]) : second;
}

/** `shared`, or CANCELLED once the signal aborts. What is shared goes on for the others who wait for it. */
export function orCancelled<T>(shared: Promise<T>, signal: AbortSignal | undefined, what: string): Promise<T> {
  if (!signal) return shared;
  return new Promise((resolve, reject) => {
    const cancel = () => reject(new KrStorageError("CANCELLED", `${what}: given up before there was an answer`));
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel, { once: true });
    void shared.then(resolve, reject).finally(() => signal.removeEventListener("abort", cancel));
  });
}

import { KrStorageError } from "../model/errors";

/** The longest that a timer can run; one that is set longer ends at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Aborts after `ms`, however long that is. */
export function deadlineIn(ms: number): AbortSignal {
  return AbortSignal.timeout(Math.min(ms, longestTimerMs));
}

/** As `deadlineIn`; what it aborts fails with TIMEOUT, saying `message`. */
export function deadlineSaying(ms: number, message: string): AbortSignal {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new KrStorageError("TIMEOUT", message, { retryable: true, outcome: "unknown" })),
    Math.min(ms, longestTimerMs),
  );
  timer.unref();
  return controller.signal;
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

/** Waits, unless the signal aborts first (CANCELLED). */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return orCancelled(elapsed, signal, "waiting for another process").finally(() => clearTimeout(timer));
}

/** How long an aborted call may take to clean up and say what it did, ms. */
const graceMs = 10_000;

/**
 * `call`, or CANCELLED with an unknown outcome where it goes on, deaf, after its signal has aborted: one hung call must not
 * hang everybody.
 */
export async function withGrace<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  let giveUp: () => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  const deaf = new Promise<never>((_, reject) => {
    giveUp = () => {
      timer = setTimeout(
        () =>
          reject(
            new KrStorageError("CANCELLED", "the backend did not stop when it was told to", { outcome: "unknown" }),
          ),
        graceMs,
      );
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
  });
  try {
    return await Promise.race([call, deaf]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

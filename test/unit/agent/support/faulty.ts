import type { Driver } from "../../../../provider/drivers/driver";
import { KrStorageError } from "../../../../provider/model/errors";
import { intercepted } from "./intercepted";

export type Fault = "fail" | "hang" | "lose";

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A driver whose calls go wrong where `fault` says so: they fail, are never answered, or are carried out with the reply lost. A hanging call ends
 * when its caller gives up.
 */
export function faulty(driver: Driver, fault: (method: string) => Fault | undefined): Driver {
  return intercepted(driver, async (method, call, signal) => {
    switch (method === "close" ? undefined : fault(method)) {
      case undefined:
        return call();
      case "fail":
        throw new KrStorageError("UNAVAILABLE", "the connection was refused", { retryable: true });
      case "lose":
        await call();
        throw new KrStorageError("UNAVAILABLE", "the connection was lost", { retryable: true, outcome: "unknown" });
      case "hang":
        await new Promise<void>((resolve) => {
          if (signal?.aborted) resolve();
          signal?.addEventListener("abort", () => resolve(), { once: true });
        });
        throw new KrStorageError("CANCELLED", "given up", { outcome: "unknown" });
    }
  });
}

import { lstatSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { KrStorageError } from "../../model/errors";
import { throwIfCancelled } from "./errors";
import type { PoolPaths } from "./layout";
import { lockExclusively } from "./sessions";
import { openOrMake } from "./sqlite";

const patienceMs = 30_000;

/**
 * Runs `action` while nobody else makes or removes this pool. The lock is a file in the pool's internal folder, which must exist;
 * undefined if that folder went away meanwhile, with the pool.
 */
export async function whileMaking<T>(
  paths: PoolPaths,
  signal: AbortSignal,
  where: string,
  action: () => Promise<T>,
): Promise<T | undefined> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    if (!lstatSync(paths.internal, { throwIfNoEntry: false })) return undefined;
    const lock = lockExclusively(openOrMake, paths.making);
    if (lock) {
      try {
        // Whoever removed the pool removed this file too: then this is a lock on nothing
        if (lstatSync(paths.making, { throwIfNoEntry: false })) return await action();
      } finally {
        lock.close();
      }
      continue;
    }
    throwIfCancelled(signal, "waiting for", where);
    if (performance.now() > deadline) {
      throw new KrStorageError(
        "UNAVAILABLE",
        `pool ${where} is being made or removed by another process for very long; try again`,
        { target: where, retryable: true },
      );
    }
    await sleep(5 + Math.random() * 20);
  }
}

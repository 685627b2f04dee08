import type { BackendPort } from "./backendPort";
import { type BackendLook, lookAtBackend } from "./look";
import type { RunOptions } from "./options";
import { PolicyBook } from "./policyBook";
import type { BackendReport } from "./report";
import { runBackend } from "./runBackend";

/**
 * One run over all backends, side by side: every pool is listed once, then each backend does its part. Never throws. Whoever runs again and
 * again passes the same book, so that only policies that have changed are read anew.
 */
export async function runOnce(
  ports: readonly BackendPort[],
  options: RunOptions,
  book = new PolicyBook(),
): Promise<BackendReport[]> {
  const looks = await Promise.all(ports.map((port) => lookAtBackend(port, options.clock, options.signal)));
  for (const look of looks) book.put(look);
  return Promise.all(ports.map((port, n) => runBackend(port, looks[n] as BackendLook, book, options)));
}

import type { Progress } from "../drivers/driver";
import { formatBytes } from "../model/quantity";

/** How much of a copy is done, rounded down. */
export function percentOf({ doneBytes, totalBytes }: Progress): number {
  return totalBytes === 0 ? 100 : Math.floor((doneBytes / totalBytes) * 100);
}

/** How far a copy is, for people: "copying: 42 % (8.4GiB of 20GiB)". */
export function formatProgress(progress: Progress): string {
  return `copying: ${percentOf(progress)} % (${formatBytes(progress.doneBytes)} of ${formatBytes(progress.totalBytes)})`;
}

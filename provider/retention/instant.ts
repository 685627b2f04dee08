import { KrStorageError } from "../model/errors";
import { quote } from "../model/names";

/** An instant: a Date, milliseconds since 1970 UTC, or ISO 8601 text that says its offset (`Z` or `+02:00`). */
export type Instant = Date | number | string;

const isoInstant = /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

/** Milliseconds since 1970 UTC. Text without an offset is INVALID_ARGUMENT: it would mean the host's zone, another one on every host. */
export function instantMs(instant: Instant, what: string): number {
  const readable = typeof instant !== "string" || isoInstant.test(instant);
  const ms = readable ? new Date(instant).getTime() : Number.NaN;
  if (Number.isFinite(ms)) return ms;
  const said = instant instanceof Date ? "Invalid Date" : quote(String(instant), 40);
  throw new KrStorageError(
    "INVALID_ARGUMENT",
    `"${said}" is not an instant (${what}); give a Date, milliseconds, or text such as "2026-11-20T02:00:00Z"`,
  );
}

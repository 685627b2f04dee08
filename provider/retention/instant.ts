import { KrStorageError } from "../model/errors";
import { quote } from "../model/names";

/** An instant: a Date, milliseconds since 1970 UTC, or ISO 8601 text that says its offset (`Z` or `+02:00`). */
export type Instant = Date | number | string;

/** The range of JavaScript's Date. */
const maxDateMs = 8.64e15;
const isoInstant = /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

/** Milliseconds since 1970 UTC; NaN for what is no instant, and for text without an offset: it would mean the host's zone, another one on every host. */
export function readInstant(instant: Instant): number {
  if (typeof instant === "number") return Math.abs(instant) <= maxDateMs ? instant : Number.NaN;
  if (typeof instant === "string") return isoInstant.test(instant) ? Date.parse(instant) : Number.NaN;
  return instant instanceof Date ? instant.getTime() : Number.NaN;
}

/** Milliseconds since 1970 UTC. INVALID_ARGUMENT, naming `what` it was to be, for what is no instant. */
export function instantMs(instant: Instant, what: string): number {
  const ms = readInstant(instant);
  if (!Number.isNaN(ms)) return ms;
  const said = quote(String(instant), 40);
  throw new KrStorageError(
    "INVALID_ARGUMENT",
    `"${said}" is not an instant (${what}); give a Date, milliseconds, or text such as "2026-11-20T02:00:00Z"`,
  );
}

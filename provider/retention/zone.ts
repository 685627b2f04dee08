import { KrStorageError } from "../model/errors";
import { timezoneProblem } from "../model/timezone";

/** A stretch of time in which a zone's clocks are the same distance from UTC. In milliseconds; the end is not part of it. */
export interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
  /** What is added to UTC to read the clock on the wall. */
  readonly offsetMs: number;
  /** The same just before `startMs`; another number only where clocks were changed. */
  readonly offsetBeforeMs: number;
}

/** Stretches are looked up and kept by chunks of this length, 398 days. */
const chunkMs = 2 ** 35;
/** How densely offsets are looked at. The shortest stretch in the IANA database since 1970 is 7 days (Brazil's north, October 2000). */
const stepMs = 3 * 86_400_000;
const dayMs = 86_400_000;

/**
 * The time zone of a policy: from instants to the clock on the wall and back, by the IANA data that comes with Node. Looking up an offset
 * costs a microsecond there, so it is done once for every stretch; instants that come in order are then as cheap as in UTC.
 */
export class Zone {
  private readonly format: Intl.DateTimeFormat;
  private readonly chunks = new Map<number, readonly Stretch[]>();
  private latest: Stretch = { startMs: 0, endMs: 0, offsetMs: 0, offsetBeforeMs: 0 };

  constructor(readonly name: string) {
    this.format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset", year: "numeric" });
  }

  /** What is added to UTC to read the clock on the wall, in milliseconds. */
  offsetAt(ms: number): number {
    return ms >= this.latest.startMs && ms < this.latest.endMs ? this.latest.offsetMs : this.stretchAt(ms).offsetMs;
  }

  stretchAt(ms: number): Stretch {
    const stretches = this.chunk(Math.floor(ms / chunkMs));
    this.latest = stretches.findLast(({ startMs }) => startMs <= ms) as Stretch;
    return this.latest;
  }

  /** The stretches that touch the time from `fromMs` up to `toMs`, in order. One may be cut in two where nothing changes. */
  *stretches(fromMs: number, toMs: number): Generator<Stretch> {
    for (let at = fromMs; at < toMs; ) {
      const stretch = this.stretchAt(at);
      yield stretch;
      at = stretch.endMs;
    }
  }

  /** The instant at which a clock on the wall shows `wallMs`; the earlier one where it shows that twice, or skips it. */
  instantOf(wallMs: number): number {
    const offsets = [this.offsetAt(wallMs - 2 * dayMs), this.offsetAt(wallMs + 2 * dayMs)];
    const instants = offsets.map((offset) => wallMs - offset);
    const exact = instants.filter((ms) => ms + this.offsetAt(ms) === wallMs);
    return Math.min(...(exact.length > 0 ? exact : instants));
  }

  private chunk(index: number): readonly Stretch[] {
    let stretches = this.chunks.get(index);
    if (!stretches) {
      stretches = this.findStretches(index * chunkMs, (index + 1) * chunkMs);
      this.chunks.set(index, stretches);
    }
    return stretches;
  }

  private findStretches(fromMs: number, toMs: number): Stretch[] {
    const found: Stretch[] = [];
    let startMs = fromMs;
    let offsetMs = this.askOffset(fromMs);
    let offsetBeforeMs = this.askOffset(fromMs - 1000);
    let lowMs = fromMs;
    while (lowMs < toMs) {
      const highMs = Math.min(lowMs + stepMs, toMs - 1000);
      const changeMs = this.findChange(lowMs, highMs, offsetMs);
      if (changeMs !== undefined) {
        found.push({ startMs, endMs: changeMs, offsetMs, offsetBeforeMs });
        [startMs, offsetBeforeMs, offsetMs] = [changeMs, offsetMs, this.askOffset(changeMs)];
        lowMs = changeMs;
      } else if (highMs >= toMs - 1000) break;
      else lowMs = highMs;
    }
    found.push({ startMs, endMs: toMs, offsetMs, offsetBeforeMs });
    return found;
  }

  /** The first second after `lowMs` with another offset, if `highMs` has another one. Clocks are changed at whole seconds. */
  private findChange(lowMs: number, highMs: number, offsetMs: number): number | undefined {
    if (this.askOffset(highMs) === offsetMs) return undefined;
    let same = Math.floor(lowMs / 1000);
    let other = Math.ceil(highMs / 1000);
    while (other - same > 1) {
      const middle = Math.floor((same + other) / 2);
      if (this.askOffset(middle * 1000) === offsetMs) same = middle;
      else other = middle;
    }
    return other * 1000;
  }

  private askOffset(ms: number): number {
    const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(this.format.format(ms));
    if (!match)
      throw new KrStorageError("INTERNAL", `no offset is known of ${this.name} at ${new Date(ms).toISOString()}`);
    const [, sign, hours = "0", minutes = "0", seconds = "0"] = match;
    const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
    return sign === "-" ? -size : size;
  }
}

const zones = new Map<string, Zone>();

/** The zone of that name, one object per name. INVALID_ARGUMENT if there is none. */
export function openZone(name: string): Zone {
  const known = zones.get(name);
  if (known) return known;
  const problem = timezoneProblem(name);
  if (problem)
    throw new KrStorageError("INVALID_ARGUMENT", problem, { issues: [{ path: "timezone", message: problem }] });
  const zone = new Zone(name);
  zones.set(name, zone);
  return zone;
}

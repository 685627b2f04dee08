import type { Properties } from "./lifecycle";

/** A value that is not known yet, because what it depends on has not been made. Hosts translate it from and to their wire form. */
export const unknownValue: unique symbol = Symbol("unknown");

/** Whether a value is, or somewhere holds, an unknown. */
export function hasUnknown(value: unknown): boolean {
  if (value === unknownValue) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}

/** The properties that are known already. */
export function knownOnly(properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => !hasUnknown(value)));
}

/** `wanted`, with what is not known yet taken to be as it is: a preview refuses only what is certain. */
export function benefitOfDoubt<T>(wanted: Record<string, T>, existing: Record<string, T>): Record<string, T> {
  if (hasUnknown(wanted) && typeof wanted !== "object") return existing;
  const entries = Object.entries(wanted).map(([key, value]) => [key, hasUnknown(value) ? existing[key] : value]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Record<string, T>;
}

/** `properties` with every wire form of an unknown replaced by the symbol, and without null properties. */
export function fromWire(properties: Properties, isUnknown: (value: unknown) => boolean): Properties {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([key, value]) => [key, mapValue(value, (inner) => (isUnknown(inner) ? unknownValue : inner))]),
  );
}

/** `properties` with the symbol replaced by the wire form of an unknown. */
export function toWire(properties: Properties, wireUnknown: unknown): Properties {
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [
      key,
      mapValue(value, (inner) => (inner === unknownValue ? wireUnknown : inner)),
    ]),
  );
}

function mapValue(value: unknown, map: (value: unknown) => unknown): unknown {
  const mapped = map(value);
  if (Array.isArray(mapped)) return mapped.map((inner) => mapValue(inner, map));
  if (typeof mapped !== "object" || mapped === null) return mapped;
  return Object.fromEntries(Object.entries(mapped).map(([key, inner]) => [key, mapValue(inner, map)]));
}

import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Properties } from "../../lifecycle/lifecycle";
import { unknownValue } from "../../lifecycle/unknown";
import { type Plain, plainOf, structOf } from "./plainStruct";
import { isUnknownText, signatureKey, signatures, unknownText } from "./signatures";

/** Where the secrets were among properties that came over the wire, so that they go back as secrets. */
export class SecretPaths {
  private readonly paths = new Set<string>();

  add(path: readonly PropertyKey[]): void {
    this.paths.add(textOf(path));
  }
  has(path: readonly PropertyKey[]): boolean {
    return this.paths.size > 0 && this.paths.has(textOf(path));
  }
  /** These and those of another message. */
  and(other: SecretPaths): SecretPaths {
    const both = new SecretPaths();
    for (const path of [...this.paths, ...other.paths]) both.paths.add(path);
    return both;
  }
}

function textOf(path: readonly PropertyKey[]): string {
  return path.map(String).join("\0");
}

export interface Decoded {
  /** Plain JSON, with the symbol of unknown.ts for what is not known yet. Properties that are null are left out. */
  properties: Properties;
  secrets: SecretPaths;
}

/** Reads properties: secrets are opened and noted, a resource is its id, unknowns are the symbol. */
export function decode(struct: Struct | undefined): Decoded {
  const secrets = new SecretPaths();
  const entries: [string, unknown][] = [];
  for (const [key, value] of Object.entries(struct ? plainOf(struct) : {})) {
    const plain = openMarked(value, [key], secrets);
    if (plain !== null && plain !== undefined) entries.push([key, plain]);
  }
  return { properties: Object.fromEntries(entries), secrets };
}

/** As `decode`, for JSON that has been parsed already, such as a configuration value. */
export function decodeJson(value: unknown, path: readonly PropertyKey[], secrets: SecretPaths): unknown {
  return openMarked(value, path, secrets);
}

function openMarked(value: unknown, path: readonly PropertyKey[], secrets: SecretPaths): unknown {
  if (typeof value !== "object") return isUnknownText(value) ? unknownValue : value;
  if (Array.isArray(value)) return value.map((inner, index) => openMarked(inner, [...path, index], secrets));
  if (!isObject(value)) return value;
  switch (value[signatureKey]) {
    case signatures.secret:
      secrets.add(path);
      return openMarked(value.value, path, secrets);
    case signatures.output:
      if (value.secret === true) secrets.add(path);
      return Object.hasOwn(value, "value") ? openMarked(value.value, path, secrets) : unknownValue;
    case signatures.resource:
      return openMarked(value.id === undefined || value.id === "" ? unknownText : value.id, path, secrets);
    default:
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, openMarked(inner, [...path, key], secrets)]),
      );
  }
}

/** Writes properties: undefined is left out, the symbol becomes an unknown, and what stands at a secret's path is a secret. */
export function encode(properties: Properties, secrets = new SecretPaths()): Struct {
  return structOf(markedObject(properties, [], secrets));
}

function markedObject(object: Plain, path: readonly PropertyKey[], secrets: SecretPaths): Plain {
  const entries: [string, unknown][] = [];
  for (const [key, value] of Object.entries(object))
    if (value !== undefined) entries.push([key, marked(value, [...path, key], secrets)]);
  return Object.fromEntries(entries);
}

function marked(value: unknown, path: readonly PropertyKey[], secrets: SecretPaths): unknown {
  const plain = markedInside(value, path, secrets);
  return secrets.has(path) ? { [signatureKey]: signatures.secret, value: plain } : plain;
}

function markedInside(value: unknown, path: readonly PropertyKey[], secrets: SecretPaths): unknown {
  if (value === unknownValue) return unknownText;
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number")
    return value;
  if (Array.isArray(value)) return value.map((inner, index) => marked(inner, [...path, index], secrets));
  if (isObject(value)) return markedObject(value, path, secrets);
  throw new TypeError(`a ${typeof value} cannot be a property (${path.map(String).join(".")})`);
}

function isObject(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

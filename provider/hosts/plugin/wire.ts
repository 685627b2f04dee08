import { ListValue, NullValue, Struct, Value } from "google-protobuf/google/protobuf/struct_pb";
import type { Properties } from "../../lifecycle/lifecycle";
import { unknownValue } from "../../lifecycle/unknown";
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
  struct?.getFieldsMap().forEach((value, key) => {
    const plain = openMarked(fromValue(value), [key], secrets);
    if (plain !== null && plain !== undefined) entries.push([key, plain]);
  });
  return { properties: Object.fromEntries(entries), secrets };
}

/** As `decode`, for JSON that has been parsed already, such as a configuration value. */
export function decodeJson(value: unknown, path: readonly PropertyKey[], secrets: SecretPaths): unknown {
  return openMarked(value, path, secrets);
}

// By hand: the library's own conversion assigns keys, and would take "__proto__" for what JavaScript does
function fromValue(value: Value): unknown {
  switch (value.getKindCase()) {
    case Value.KindCase.STRUCT_VALUE: {
      const entries: [string, unknown][] = [];
      value
        .getStructValue()
        ?.getFieldsMap()
        .forEach((inner, key) => {
          entries.push([key, fromValue(inner)]);
        });
      return Object.fromEntries(entries);
    }
    case Value.KindCase.LIST_VALUE:
      return (value.getListValue()?.getValuesList() ?? []).map(fromValue);
    case Value.KindCase.STRING_VALUE:
      return value.getStringValue();
    case Value.KindCase.NUMBER_VALUE:
      return value.getNumberValue();
    case Value.KindCase.BOOL_VALUE:
      return value.getBoolValue();
    default:
      return null;
  }
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
  return toStruct(properties, [], secrets);
}

function toStruct(object: Record<string, unknown>, path: readonly PropertyKey[], secrets: SecretPaths): Struct {
  const struct = new Struct();
  const fields = struct.getFieldsMap();
  for (const [key, value] of Object.entries(object)) {
    if (value !== undefined) fields.set(key, toMarkedValue(value, [...path, key], secrets));
  }
  return struct;
}

function toMarkedValue(value: unknown, path: readonly PropertyKey[], secrets: SecretPaths): Value {
  const plain = toValue(value, path, secrets);
  if (!secrets.has(path)) return plain;
  const marked = new Struct();
  marked.getFieldsMap().set(signatureKey, text(signatures.secret)).set("value", plain);
  return new Value().setStructValue(marked);
}

function toValue(value: unknown, path: readonly PropertyKey[], secrets: SecretPaths): Value {
  if (value === unknownValue) return text(unknownText);
  if (value === null) return new Value().setNullValue(NullValue.NULL_VALUE);
  if (typeof value === "string") return text(value);
  if (typeof value === "boolean") return new Value().setBoolValue(value);
  if (typeof value === "number") return new Value().setNumberValue(value);
  if (Array.isArray(value)) {
    const list = new ListValue();
    list.setValuesList(value.map((inner, index) => toMarkedValue(inner, [...path, index], secrets)));
    return new Value().setListValue(list);
  }
  if (isObject(value)) return new Value().setStructValue(toStruct(value, path, secrets));
  throw new TypeError(`a ${typeof value} cannot be a property (${path.map(String).join(".")})`);
}

function text(value: string): Value {
  return new Value().setStringValue(value);
}
function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

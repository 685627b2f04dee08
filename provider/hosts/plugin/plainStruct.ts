import { ListValue, NullValue, Struct, Value } from "google-protobuf/google/protobuf/struct_pb";

/** An object of JSON. */
export type Plain = Record<string, unknown>;

const held = Symbol("held");
type Holding = Struct & { [held]?: Plain };

/**
 * A Struct that is this object. The messages that it would consist of, one for each field, value and kind of value, are made when
 * somebody asks for them: most never are, and they take longer than all else that a call does.
 */
export function structOf(plain: Plain): Struct {
  return hold(new Struct(), plain);
}

/** Makes an empty Struct one that is this object. */
export function hold(struct: Struct, plain: Plain): Struct {
  const holding: Holding = struct;
  holding[held] = plain;
  holding.getFieldsMap = makeFields;
  return struct;
}

/** The object of one that nobody has asked for its fields yet. */
export function heldBy(struct: Struct): Plain | undefined {
  return (struct as Holding)[held];
}

/** What a Struct says, whatever it consists of. */
export function plainOf(struct: Struct): Plain {
  return heldBy(struct) ?? fromFields(struct);
}

/** From now on it consists of messages, as any other. */
function makeFields(this: Holding): ReturnType<Struct["getFieldsMap"]> {
  const plain = this[held] ?? {};
  delete this[held];
  Reflect.deleteProperty(this, "getFieldsMap");
  const fields = this.getFieldsMap();
  for (const [key, value] of Object.entries(plain)) fields.set(key, toValue(value));
  return fields;
}

// By hand, both: the library's own conversions assign keys, and would take "__proto__" for what JavaScript does

function fromFields(struct: Struct): Plain {
  const entries: [string, unknown][] = [];
  struct.getFieldsMap().forEach((value, key) => {
    entries.push([key, fromValue(value)]);
  });
  return Object.fromEntries(entries);
}

function fromValue(value: Value): unknown {
  switch (value.getKindCase()) {
    case Value.KindCase.STRUCT_VALUE:
      return fromFields(value.getStructValue() ?? new Struct());
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

function toValue(plain: unknown): Value {
  if (typeof plain === "string") return new Value().setStringValue(plain);
  if (typeof plain === "boolean") return new Value().setBoolValue(plain);
  if (typeof plain === "number") return new Value().setNumberValue(plain);
  if (Array.isArray(plain)) return new Value().setListValue(new ListValue().setValuesList(plain.map(toValue)));
  if (plain !== null) return new Value().setStructValue(structOf(plain as Plain));
  return new Value().setNullValue(NullValue.NULL_VALUE);
}

// Zod schemas as the property specs of Pulumi's package schema, with named types for objects and enums.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { z } = require("zod");

const any = { $ref: "pulumi.json#/Any" };

/**
 * Turns schemas into specs. `names` says under which name a schema is exported; one that is exported nowhere is named after
 * where it stands. `docs` reads the doc comments beside the run-time schemas.
 */
export function createTypes(names, docs) {
  const types = {};
  const token = (name) => `krstorage:index:${name}`;

  /**
   * The spec of a schema that stands at `place` ("VolumeSource"); `type` is its TypeScript type, for the documentation. Only
   * where `enums` is set are choices types of their own: YAML takes no value of such a type, only a literal, so that an output
   * could not be passed on to an input.
   */
  function specOf(schema, type, place, enums) {
    const { def } = schema;
    switch (def.type) {
      case "optional":
      case "default":
      case "readonly":
      case "nullable":
        return specOf(def.innerType, docs.member(docs.member(type, "def"), "innerType") ?? type, place, enums);
      case "lazy":
      case "unknown":
      case "any":
        return any;
      case "object":
        return reference(schema, place, () => objectType([{ schema, type }], place));
      case "enum":
        return enums ? reference(schema, place, () => enumType(schema)) : { type: "string" };
      case "literal":
        return { type: typeof def.values[0] };
      case "record":
        return { type: "object", additionalProperties: specOf(def.valueType, docs.member(type, "valueType"), place) };
      case "array":
        return { type: "array", items: specOf(def.element, docs.member(type, "element"), singular(place), enums) };
      case "union":
        return unionSpec(schema, type, place);
      case "pipe":
        return specOf(def.in, docs.member(type, "in"), place, enums);
      default:
        return primitive(schema, place);
    }
  }

  /** Objects told apart by a property are one object here, whose further properties depend on it: it can grow without breaking anybody. */
  function unionSpec(schema, type, place) {
    const types = docs.elements(docs.member(type, "options"));
    const options = schema.def.options.map((option, index) => ({ schema: option, type: types[index] ?? types[0] }));
    if (options.every((option) => option.schema.def.type === "object"))
      return reference(schema, place, () => objectType(options, place));
    return { oneOf: options.map((option) => specOf(option.schema, option.type, place)) };
  }

  function reference(schema, place, make) {
    const name = names.get(schema) ?? place;
    if (!(token(name) in types)) {
      types[token(name)] = {}; // named before it is made, for what refers to itself
      types[token(name)] = { ...described(name), ...make() };
    }
    return { $ref: `#/types/${token(name)}` };
  }
  const described = (name) => {
    const text = docs.described(name);
    return text ? { description: text } : {};
  };

  function objectType(options, place) {
    const properties = {};
    const missing = new Set();
    for (const { schema, type } of options) {
      const found = propertiesOf(schema.shape, docs.member(type, "shape"), place);
      for (const [key, spec] of Object.entries(found.properties)) properties[key] ??= spec;
      for (const key of found.optional) missing.add(key);
    }
    const discriminator = Object.keys(properties).find((key) =>
      options.every(({ schema }) => schema.shape[key]?.def.type === "literal"),
    );
    if (discriminator !== undefined) {
      const values = options.flatMap(({ schema }) => schema.shape[discriminator].def.values);
      properties[discriminator].description ??= `Which it is: ${values.map((value) => `\`${value}\``).join(", ")}.`;
    }
    for (const key of Object.keys(properties))
      if (options.some(({ schema }) => !(key in schema.shape))) missing.add(key);
    const required = Object.keys(properties).filter((key) => !missing.has(key));
    return { type: "object", properties, ...(required.length > 0 ? { required: required.sort() } : {}) };
  }

  function enumType(schema) {
    return { type: "string", enum: Object.values(schema.def.entries).map((value) => ({ name: nameOf(value), value })) };
  }

  /** The specs of a shape, without what is internal. */
  function propertiesOf(shape, type, place, { enums = false } = {}) {
    const documented = docs.properties(type);
    const properties = {};
    const optional = [];
    for (const [key, schema] of Object.entries(shape)) {
      const { text, internal, type: own } = documented[key] ?? {};
      if (internal) continue;
      properties[key] = {
        ...specOf(schema, own, place + upper(key), enums),
        ...(text ? { description: enums ? text : withChoices(text, schema) } : {}),
        ...(isSecret(schema) ? { secret: true } : {}),
      };
      if (schema.safeParse(undefined).success) optional.push(key);
    }
    return { properties, optional };
  }

  return { types, propertiesOf };
}

function primitive(schema, place) {
  const { type } = z.toJSONSchema(schema, { unrepresentable: "any", io: "input" });
  if (typeof type === "string") return { type };
  throw new Error(`${place}: there is no schema type for ${schema.def.type}; teach scripts/generate/schemaTypes.mjs`);
}

/** Says which texts there are, where neither the type nor the comment does. */
function withChoices(text, schema) {
  const { type, innerType, entries, element } = schema.def;
  if (innerType ?? element) return withChoices(text, innerType ?? element);
  if (type !== "enum") return text;
  const values = Object.values(entries);
  if (values.every((value) => text.includes(`\`${value}\``) || text.includes(`"${value}"`))) return text;
  return `${text} One of ${values.map((value) => `\`${value}\``).join(", ")}.`;
}

function isSecret(schema) {
  return schema.meta()?.secret === true || (schema.def.innerType !== undefined && isSecret(schema.def.innerType));
}
const upper = (text) => text[0].toUpperCase() + text.slice(1);
const singular = (text) => text.replace(/(ss|x|ch)es$/, "$1").replace(/([^s])s$/, "$1");
const nameOf = (value) =>
  String(value)
    .split(/[^A-Za-z0-9]+/)
    .map(upper)
    .join("");

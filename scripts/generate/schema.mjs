// schema.json: Pulumi's package schema, made from the model. Nothing in it is written by hand but what the model does not know.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { inRoot } from "../lib/paths.mjs";
import { classDoc, readDocs } from "./modelDocs.mjs";
import { createTypes } from "./schemaTypes.mjs";

const require = createRequire(import.meta.url);
const compiled = (path) => require(inRoot("dist", `${path}.js`));

const model = "provider/model";
const upper = (text) => text[0].toUpperCase() + text.slice(1);

export function schemaDocument() {
  const { kinds } = compiled(`${model}/kinds`);
  const files = [...modelFiles(), ...driverFiles(), "provider/storage/config.ts"];
  const docs = readDocs(files);
  const exported = Object.assign({}, ...files.map((file) => docs.exported(file)));
  const types = createTypes(namesOf(files), {
    ...docs,
    described: (name) => exported[name[0].toLowerCase() + name.slice(1)]?.text,
  });
  const whole = {
    ...head(),
    ...config(types, docs, exported),
    types: types.types,
    resources: Object.fromEntries(
      Object.entries(kinds).map(([name, kind]) => [
        `krstorage:index:${kind.name}`,
        resource(kind, name, types, docs, exported),
      ]),
    ),
    ...functions(types, docs, exported),
    language: languages,
  };
  requireDescriptions(whole);
  return `${JSON.stringify(sorted(whole), undefined, 2)}\n`;
}

const modelFiles = () =>
  readdirSync(inRoot(model))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `${model}/${file}`);
const driverFiles = () =>
  compiled("provider/drivers/registry")
    .driverTypes()
    .map((type) => `provider/drivers/${type}/options.ts`)
    .filter((file) => existsSync(inRoot(file)));
const classFile = (name) => `sdk/${name}.ts`;

/** Under which name each schema is exported: types are called by it. */
function namesOf(files) {
  const names = new Map();
  for (const file of files) {
    for (const [name, value] of Object.entries(compiled(file.replace(/\.ts$/, ""))))
      if (value?.def?.type !== undefined) names.set(value, upper(name));
  }
  return names;
}

function head() {
  const { version, description, license, keywords } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
  return {
    name: "krstorage",
    displayName: "KRStorage",
    version,
    description,
    license,
    keywords: [...keywords, "category/infrastructure", "kind/native"],
    meta: { moduleFormat: "(.*)" },
  };
}

function resource(kind, name, types, docs, exported) {
  const type = docs.member(exported[name]?.type, "inputs");
  const inputs = types.propertiesOf(kind.inputs, type, kind.name, { enums: true });
  const given = types.propertiesOf(kind.inputs, type, kind.name);
  const outputs = types.propertiesOf(kind.outputs, docs.member(exported[name]?.type, "outputs"), kind.name);
  const description = classDoc(classFile(name), kind.name);
  if (!description) throw new Error(`${classFile(name)}: class ${kind.name} has no doc comment`);
  // Only what can be replaced: of a pool an immutable change is always refused
  const replaceable = kind.permissions.includes("allowDataLoss") ? kind.immutable : [];
  for (const key of replaceable) inputs.properties[key].willReplaceOnChanges = true;
  const required = (found) => Object.keys(found.properties).filter((key) => !found.optional.includes(key));
  const requiredInputs = required(inputs).filter((key) => !placed.includes(key));
  const always = [...required(inputs), ...required(outputs), ...("name" in kind.inputs ? ["name"] : [])];
  return {
    description,
    inputProperties: inputs.properties,
    ...(requiredInputs.length > 0 ? { requiredInputs: requiredInputs.sort() } : {}),
    properties: { ...given.properties, ...outputs.properties },
    required: [...new Set(always)].sort(),
    aliases: [{ type: `pulumi-nodejs:dynamic/krstorage:${kind.name}` }],
  };
}

/** Inputs that the provider's configuration can give. */
const placed = ["pool", "volumeClass"];

function config(types, docs, exported) {
  const { providerConfig, providerEnvironment } = compiled(`${model}/providerConfig`);
  const { properties } = types.propertiesOf(providerConfig, exported.providerConfig.type, "Provider");
  properties.backends.additionalProperties = backendType(types, docs, exported);
  for (const [key, spec] of Object.entries(properties)) spec.defaultInfo = { environment: [providerEnvironment[key]] };
  return {
    config: { variables: properties },
    provider: {
      description:
        "Configures where the backends are. Without an explicit provider the stack's configuration under `krstorage:` counts.",
      inputProperties: properties,
      properties,
    },
  };
}

/** One backend: what all types take, and what each driver asks for. */
function backendType(types, docs, exported) {
  const { backendOptions } = compiled("provider/storage/config");
  const { driverTypes, loadDriver } = compiled("provider/drivers/registry");
  const properties = {
    type: { type: "string", description: `The type of the backend: ${driverTypes().join(", ")}.` },
    ...types.propertiesOf(backendOptions, exported.backendOptions.type, "Backend").properties,
  };
  for (const driver of driverTypes()) {
    const { options } = loadDriver(driver);
    const shape = docs.member(exported[`${driver}Options`]?.type, "shape");
    for (const [key, spec] of Object.entries(types.propertiesOf(options.shape, shape, "Backend").properties))
      properties[key] ??= {
        ...spec,
        description: `For type ${driver}: ${spec.description ?? "see its documentation."}`,
      };
  }
  types.types["krstorage:index:Backend"] = {
    type: "object",
    description: "One backend: where it is, and how it is reached.",
    properties,
    required: ["type"],
  };
  return { $ref: "#/types/krstorage:index:Backend" };
}

function functions(types, docs, exported) {
  if (!existsSync(inRoot("dist", `${model}/functions.js`))) return {};
  const { functions: all } = compiled(`${model}/functions`);
  const specs = Object.fromEntries(
    Object.entries(all).map(([name, { inputs, outputs }]) => {
      const type = exported[name]?.type;
      const given = types.propertiesOf(inputs, docs.member(type, "inputs"), upper(name), { enums: true });
      const result = types.propertiesOf(outputs, docs.member(type, "outputs"), `${upper(name)}Result`);
      const objectOf = (found) => {
        const required = Object.keys(found.properties).filter((key) => !found.optional.includes(key));
        // As the engine writes it: an empty list is left out
        const needed = required.length > 0 ? { required: required.sort() } : {};
        return { type: "object", properties: found.properties, ...needed };
      };
      return [
        `krstorage:index:${name}`,
        {
          description: exported[name].text,
          inputs: objectOf(given),
          outputs: objectOf(result),
        },
      ];
    }),
  );
  return { functions: specs };
}

const languages = {
  nodejs: { packageName: "@krstorage/pulumi", respectSchemaVersion: true },
  python: { packageName: "krstorage_pulumi", pyproject: { enabled: true }, respectSchemaVersion: true },
  go: {
    importBasePath: "krstorage.dev/sdk/go/krstorage",
    generateResourceContainerTypes: true,
    respectSchemaVersion: true,
  },
  csharp: { respectSchemaVersion: true },
  java: { respectSchemaVersion: true },
};

/** A property without a word about it helps nobody. */
function requireDescriptions(schema) {
  const bare = [];
  const visit = (owner, properties) => {
    for (const [key, spec] of Object.entries(properties ?? {})) if (!spec.description) bare.push(`${owner}.${key}`);
  };
  for (const [token, type] of Object.entries(schema.types)) visit(token, type.properties);
  for (const [token, each] of Object.entries(schema.resources)) visit(token, each.properties);
  for (const [token, each] of Object.entries(schema.functions ?? {})) {
    visit(token, each.inputs.properties);
    visit(`${token} result`, each.outputs.properties);
  }
  visit("provider", schema.provider.inputProperties);
  if (bare.length > 0) throw new Error(`without a doc comment in the model: ${bare.join(", ")}`);
}

/** The order in which things are declared says nothing, so that it must not show as a difference. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

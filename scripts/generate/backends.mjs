// The options of every backend type, and what its pools can do: from the schemas with their doc comments, and from the registry.
import { createRequire } from "node:module";
import { inRoot } from "../lib/paths.mjs";
import { propertiesOf } from "./schemaSource.mjs";

const load = createRequire(import.meta.url);

export function backendsDocument() {
  const { driverTypes, loadDriver } = load(inRoot("dist", "provider", "drivers", "registry.js"));
  const drivers = driverTypes().map((type) => loadDriver(type));
  return [
    "# Backends: options and capabilities",
    "",
    "Made from the code (`npm run generate`). How configuration is written and found: [installation and configuration](installation-configuration.md).",
    "",
    "## Options of every backend",
    "",
    "| option | meaning |",
    "| --- | --- |",
    `| \`type\` | Required. One of ${drivers.map(({ type }) => `\`${type}\``).join(", ")}. |`,
    ...rows(propertiesOf("provider/storage/config.ts", "backendOptions")),
    "",
    ...drivers.flatMap(({ type }) => [
      `## Options of \`${type}\``,
      "",
      "| option | meaning |",
      "| --- | --- |",
      ...rows(propertiesOf(`provider/drivers/${type}/options.ts`, `${type}Options`)),
      "",
    ]),
    ...matrix(drivers),
  ].join("\n");
}

function rows(properties) {
  return properties.map(({ name, meaning, isRequired, isSecret }) => {
    const marks = `${isRequired ? "Required. " : ""}${isSecret ? "Secret. " : ""}`;
    return `| \`${name}\` | ${marks}${cell(meaning)} |`;
  });
}

/** What the pools of each type can do. A type that does not say is a mistake in its driver. */
function matrix(drivers) {
  const columns = drivers.flatMap(({ type, capabilities = {} }) =>
    Object.entries(capabilities).map(([where, can]) => ({ title: `\`${type}\` ${where}`.trim(), can })),
  );
  const silent = drivers.filter(({ capabilities }) => capabilities === undefined).map(({ type }) => type);
  if (silent.length > 0)
    throw new Error(`say what pools of ${silent.join(", ")} can do: capabilities of its DriverType`);
  return [
    "## What pools can do",
    "",
    "A pool finds out by trying when it is made, and puts it out as `capabilities`. What it is certain not to be able to do is refused in the preview, before it is made too: `local` then goes by the name of the file system. On xfs, which can be formatted with and without reflinks, on zfs, and on network and overlay file systems that is not certain: the preview of a new pool leaves it open, `up` refuses, and so does every preview once the pool is made.",
    "",
    `| capability | ${columns.map(({ title }) => title).join(" | ")} | meaning |`,
    `| --- | ${columns.map(() => "---").join(" | ")} | --- |`,
    ...propertiesOf("provider/model/pool.ts", "poolCapabilities").map(
      ({ name, meaning }) =>
        `| \`${name}\` | ${columns.map(({ can }) => shown(can[name])).join(" | ")} | ${cell(meaning)} |`,
    ),
    "",
  ];
}

function shown(value) {
  if (value === undefined) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

const cell = (text) => text.replaceAll("|", "\\|");

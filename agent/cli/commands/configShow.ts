import { stringify } from "yaml";
import { metaOf } from "../../../provider/model/kind";
import type { BackendConfig } from "../../../provider/storage/config";
import { resolveConfig } from "../../../provider/storage/configSources";
import type { Command } from "../command";

export const configShow: Command = {
  details: "Values that are secret are never shown.",
  examples: [
    ["config show", "what is in use, and where it comes from"],
    ["config show --config /etc/krstorage.yaml", "of one file"],
  ],
  async run(session) {
    const { backends, stackId } = resolveConfig({ env: session.env });
    const source = session.configFile ?? "the built-in default";
    const shown = Object.fromEntries(backends.map((backend) => [backend.name, shownOptions(backend)]));
    const json = { source, ...(stackId === undefined ? {} : { stackId }), backends: shown };
    const { source: _, ...content } = json;
    return { json, text: [{ text: `# ${source}`, tone: "dim" }, ...stringify(content).trimEnd().split("\n")] };
  },
};

function shownOptions({ driver, driverOptions, options }: BackendConfig): Record<string, unknown> {
  const schemas = driver.options.shape;
  const own = Object.entries(driverOptions).map(([key, value]) => {
    const schema = schemas[key];
    const isSecret = schema === undefined || metaOf(schema, "secret") === true;
    return [key, isSecret ? "[redacted]" : value];
  });
  return { type: driver.type, ...Object.fromEntries(own), ...options };
}

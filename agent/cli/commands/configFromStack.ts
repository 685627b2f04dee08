import { resolve } from "node:path";
import { KrStorageError } from "../../../provider/model/errors";
import type { Command } from "../command";
import { type ConfigContent, defaultFile, writeConfigFile, writtenLines } from "../configFile";
import { stackConfig } from "../pulumi";

export const configFromStack: Command = {
  arguments: [
    { name: "[file]", description: `the file to write (default: --config, KRSTORAGE_CONFIG, ./${defaultFile})` },
  ],
  options: [
    { flags: "--cwd <folder>", description: "the folder of the Pulumi project (default: this one)" },
    { flags: "--stack <stack>", description: "the stack (default: the one that is selected)" },
    { flags: "--replace", description: "replace the file if it exists" },
  ],
  details:
    "Reads krstorage:backends and krstorage:stackId with Pulumi's own CLI. Secrets are written in the clear, into a file " +
    "that is readable for you alone; they are not printed.",
  examples: [
    ["config from-stack --stack dev", "of the project in this folder"],
    ["config from-stack /etc/krstorage.yaml --cwd infra --stack prod --replace", "again, after a credential changed"],
  ],
  async run(session, args) {
    const text = await stackConfig(session, { cwd: args.text("cwd"), stack: args.text("stack") });
    const content = contentOf(text);
    const file = resolve(args.optional(0) ?? session.configFile ?? defaultFile);
    writeConfigFile(file, content, args.flag("replace") ? "replace" : "new");
    const backends = Object.keys(content.backends);
    return {
      json: { file, backends, ...(content.stackId === undefined ? {} : { stackId: content.stackId }) },
      text: writtenLines(file, `${backends.length === 1 ? "backend" : "backends"} ${backends.join(", ")}`),
    };
  },
};

/** What Pulumi prints of a stack's configuration: by key, a value as text, and as an object where it is one. */
function contentOf(text: string): ConfigContent {
  const backends = configValue(text, "krstorage:backends");
  if (typeof backends !== "object" || backends === null || Array.isArray(backends))
    throw new KrStorageError(
      "NOT_FOUND",
      "the stack has no krstorage:backends in its configuration, so it uses a file or the default; see the README",
    );
  const stackId = configValue(text, "krstorage:stackId");
  return { backends: { ...backends }, ...(typeof stackId === "string" ? { stackId } : {}) };
}

function configValue(text: string, key: string): unknown {
  try {
    const all = JSON.parse(text) as Record<string, { value?: string; objectValue?: unknown } | undefined>;
    const entry = all[key];
    if (entry?.objectValue !== undefined) return entry.objectValue;
    if (entry?.value === undefined) return undefined;
    return entry.value.trimStart().startsWith("{") ? JSON.parse(entry.value) : entry.value;
  } catch {
    // Without the parser's words, which would quote secrets
    throw new KrStorageError("PROTOCOL", `"pulumi config --json" printed no JSON for ${key}`);
  }
}

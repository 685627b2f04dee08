import { readFileSync } from "node:fs";
import { type Document, isMap, parseDocument, stringify } from "yaml";
import { shellQuote } from "../../provider/drivers/shellQuote";
import { KrStorageError, messageOf } from "../../provider/model/errors";
import { parseBackends } from "../../provider/storage/config";
import { writePrivateFile } from "./privateFile";

export interface ConfigContent {
  stackId?: string | undefined;
  backends: Record<string, unknown>;
}

/** Writes a configuration file that was checked before. `mode` as in `writePrivateFile`. */
export function writeConfigFile(path: string, content: ConfigContent, mode: "new" | "replace"): void {
  parseBackends(content.backends, "backends");
  const { stackId, backends } = content;
  writePrivateFile(path, `${heading}${stringify(stackId === undefined ? { backends } : { stackId, backends })}`, mode);
}

/** The file that is written and looked for where none is named. */
export const defaultFile = "krstorage.yaml";

/** What a person types to use a file. */
export function useLine(file: string): string {
  return `Use it with: export KRSTORAGE_CONFIG=${/^[\w./-]+$/.test(file) ? file : shellQuote(file)}`;
}

/** What is said of a file that was just written. */
export function writtenLines(file: string, backends: string): string[] {
  return [`Wrote ${file} with ${backends}.`, useLine(file), "It may hold credentials: keep it out of git."];
}

const heading = "# Where KRStorage keeps what. May hold credentials: keep it readable for its owner alone.\n";

/**
 * Sets one option of a backend in a configuration file, and leaves comments and everything else as they are. Undefined takes the
 * option out. Throws NOT_FOUND naming the backends there are.
 */
export function setBackendOption(path: string, backend: string, option: string, value: unknown): void {
  const document = readDocument(path);
  const backends = document.get("backends");
  if (!isMap(backends) || !isMap(backends.get(backend))) {
    const names = isMap(backends) ? backends.items.map(({ key }) => String(key)) : [];
    const there = names.length === 0 ? "there is none" : `there are ${names.join(", ")}`;
    throw new KrStorageError("NOT_FOUND", `${path} has no backend "${backend}"; ${there}`, { target: path });
  }
  const at = ["backends", backend, option];
  if (value === undefined) document.deleteIn(at);
  else document.setIn(at, value);
  writePrivateFile(path, document.toString(), "replace");
}

function readDocument(path: string): Document {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new KrStorageError("INVALID_ARGUMENT", `the configuration file ${path} cannot be read: ${messageOf(error)}`);
  }
  const document = parseDocument(text);
  const [mistake] = document.errors;
  // A parser's message goes on with the lines it is about, which may hold secrets
  if (mistake)
    throw new KrStorageError(
      "INVALID_ARGUMENT",
      `${path} is no YAML: ${mistake.message.split("\n")[0]?.replace(/:$/, "")}`,
    );
  return document;
}

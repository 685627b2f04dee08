import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { KrStorageError, messageOf } from "../model/errors";
import { parseBackends, type StorageConfig } from "./config";

/** Where configuration may come from, best first. What is absent is undefined. */
export interface ConfigSources {
  /** Given by the program itself. */
  backends?: unknown;
  stackId?: string | undefined;
  /** How messages call the source of `backends`. */
  where?: string;
  env?: NodeJS.ProcessEnv;
}

/**
 * The configuration to use: the one given, else the JSON in `KRSTORAGE_BACKENDS`, else the file named by `KRSTORAGE_CONFIG`, else one backend `local` in
 * `KRSTORAGE_HOME` (default `~/.local/share/krstorage`). Throws INVALID_ARGUMENT naming the key and what would be right.
 */
export function resolveConfig(sources: ConfigSources = {}): StorageConfig {
  const env = sources.env ?? process.env;
  const stackId = sources.stackId ?? (env.KRSTORAGE_STACK_ID || undefined);
  if (sources.backends !== undefined) {
    return { backends: parseBackends(sources.backends, sources.where ?? "backends"), stackId };
  }
  if (env.KRSTORAGE_BACKENDS) {
    return { backends: parseBackends(fromEnvironment(env.KRSTORAGE_BACKENDS), "KRSTORAGE_BACKENDS"), stackId };
  }
  if (env.KRSTORAGE_CONFIG) return fileConfig(env.KRSTORAGE_CONFIG, stackId);
  const path = resolve(env.KRSTORAGE_HOME || join(homedir(), ".local", "share", "krstorage"));
  return {
    backends: parseBackends({ local: { type: "local", path, makeParents: true } }, "the default configuration"),
    stackId,
    isDefault: true,
  };
}

function fromEnvironment(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without its cause: a JSON error quotes the text, which holds credentials
    throw new KrStorageError(
      "INVALID_ARGUMENT",
      'KRSTORAGE_BACKENDS is not JSON; write backends as in \'{ "main": { "type": "local", "path": "/srv/storage" } }\'',
    );
  }
}

function fileConfig(path: string, stackId: string | undefined): StorageConfig {
  const content = parseFile(path);
  const { backends, stackId: fileStackId, ...unknown } = content;
  const extra = Object.keys(unknown);
  if (extra.length > 0)
    throw new KrStorageError("INVALID_ARGUMENT", `${path}: unknown key "${extra[0]}"; keys are backends, stackId`);
  if (fileStackId !== undefined && typeof fileStackId !== "string")
    throw new KrStorageError("INVALID_ARGUMENT", `${path}: stackId is a text`);
  return { backends: parseBackends(backends ?? {}, `${path}: backends`), stackId: stackId ?? fileStackId };
}

/** A parser's message goes on with the lines it is about, which may hold secrets; so does the error, which is not kept as cause. */
function firstLine(message: string): string {
  return (message.split("\n")[0] as string).replace(/:$/, "");
}

function parseFile(path: string): Record<string, unknown> {
  try {
    // Loaded only here: most programs are configured otherwise
    const yaml = require("yaml") as typeof import("yaml");
    const content: unknown = yaml.parse(readFileSync(path, "utf8"));
    if (typeof content === "object" && content !== null && !Array.isArray(content))
      return content as Record<string, unknown>;
  } catch (error) {
    throw new KrStorageError(
      "INVALID_ARGUMENT",
      `the configuration file ${path} (KRSTORAGE_CONFIG) cannot be read: ${firstLine(messageOf(error))}`,
    );
  }
  throw new KrStorageError(
    "INVALID_ARGUMENT",
    `the configuration file ${path} (KRSTORAGE_CONFIG) is not a mapping with the key "backends"`,
  );
}
